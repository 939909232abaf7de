// hashRing: calls about the same thing go to the same instance, unless that has far more to do than others.
import type { Context } from '../core/context.ts'
import type { TriedInstances } from '../core/tried-instances.ts'
import { checkNumber } from '../primitives/check.ts'
import { murmur3 } from '../primitives/murmur3.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import { balancingKey } from './balancing-key.ts'
import type { Candidate } from './candidate.ts'
import { HashPoints, type OwnerFilter } from './hash-points.ts'
import { InFlightSum } from './in-flight-sum.ts'
import { untriedFrom } from './untried.ts'

/** How calls find their instance. */
export interface HashRingOptions {
  /**
   * How many times the average of calls in flight an instance may have, by weight; above 1, at most Infinity, which is without bound. Nearer
   * to 1 is more even, and sends more calls elsewhere. @default 1.25
   */
  readonly loadFactor?: number | undefined
  /** Where calls without a key go. @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2016): a key goes to the same instance in all processes that know
 * the same set; an instance that joins takes about its share of keys, one that leaves gives its own up, and no key moves between two others.
 * `HashPoints` says how that is done, and what weights do.
 *
 * An instance that has `loadFactor` times its share of all calls in flight, rounded up, is passed over as if it were not there, so that its
 * calls spread over all others. What counts is what this process has sent; the sum is an estimate for more than four instances, see
 * `InFlightSum`. A call without a key goes where a random key would, under the same bound.
 *
 * The key is what `balancingKey` is bound to. Throws a RangeError or TypeError for an option out of its range.
 */
export function hashRing<Target = unknown>(options: HashRingOptions = {}): Balancer<Target> {
  return new HashRing<Target>(options)
}

class HashRing<Target> implements Balancer<Target>, OwnerFilter {
  readonly name = 'hash_ring'
  readonly #loadFactor: number
  readonly #random: Random
  readonly #load = new InFlightSum()
  #candidates: readonly Candidate<Target>[] = []
  #points = new HashPoints([], [])
  /** Which share of the load each one should have. */
  #shares = new Float64Array(0)
  /** Drawn ahead, so that a look at what would happen next does not change it. */
  #drawn: number
  // Of the search that is going on: fields, as a closure for each call would cost more than the search.
  #tried: TriedInstances | undefined
  #trace: PickTrace<Target> | undefined
  #isBounded = false
  readonly #noted = new Set<number>()

  constructor(options: HashRingOptions) {
    const { loadFactor = 1.25, random = systemRandom } = options
    this.#loadFactor = checkNumber('loadFactor', loadFactor, { min: 1 + Number.EPSILON })
    this.#random = random
    this.#drawn = this.#draw()
  }

  update(candidates: readonly Candidate<Target>[]): void {
    const weights = Float64Array.from(candidates, ({ weight }) => weight)
    let sum = weights.reduce((one, other) => one + other, 0)
    // Where nobody weighs anything all are alike.
    if (sum === 0) sum = weights.fill(1).length
    this.#candidates = candidates
    this.#points = new HashPoints(
      candidates.map(({ instance }) => instance.id),
      weights,
    )
    this.#shares = weights.map((weight) => weight / sum)
    this.#load.update(candidates)
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    const candidates = this.#candidates
    if (candidates.length === 0) return undefined
    const key = ctx.get(balancingKey)
    const hash = key === undefined ? this.#drawn : murmur3(checkKey(key))
    if (trace === undefined) {
      if (key === undefined) this.#drawn = this.#draw()
      if (this.#loadFactor !== Infinity) this.#load.advance()
    }
    const candidate = candidates[this.#find(hash, ctx, trace)] as Candidate<Target>
    trace?.consider(
      candidate,
      undefined,
      key === undefined ? 'nearest to a place drawn at random' : 'nearest to the key',
    )
    return candidate
  }

  accepts(owner: number): boolean {
    const candidate = this.#candidates[owner] as Candidate<Target>
    const trace = this.#trace
    if (this.#tried?.has(candidate.instance.id)) {
      if (trace !== undefined) this.#note(owner, 'tried')
      return false
    }
    if (!this.#isBounded) return true
    const inFlight = trace === undefined ? this.#load.look(owner) : candidate.inFlight
    const allowed = Math.ceil(this.#loadFactor * (this.#load.sum + 1) * (this.#shares[owner] as number))
    if (inFlight < allowed) return true
    if (trace !== undefined) this.#note(owner, `passed over: has ${inFlight} in flight, of ${allowed} allowed`)
    return false
  }

  /** Nearly always the first one found has room; only when it has not is anybody else looked at. */
  #find(hash: number, ctx: Context, trace: PickTrace<Target> | undefined): number {
    const points = this.#points
    const first = points.ownerOf(hash)
    const tried = triedIn(ctx)
    this.#tried = tried
    this.#trace = trace
    this.#isBounded = this.#loadFactor !== Infinity
    try {
      if (this.accepts(first)) return first
      // Among those that the key sees by their weights, else among all: with the bound, which is no reason to fail, and then without.
      for (let step = 0; step < 4; step++) {
        if (step === 2) this.#isBounded = false
        const owner = points.ownerOf(hash, this, step % 2 === 1)
        if (owner !== -1) return owner
      }
      return tried === undefined ? first : untriedFrom(this.#candidates, first, tried, trace)
    } finally {
      this.#tried = undefined
      this.#trace = undefined
      this.#noted.clear()
    }
  }

  /** An owner is met at each of its points, and told of once. */
  #note(owner: number, note: string): void {
    if (this.#noted.has(owner)) return
    this.#noted.add(owner)
    this.#trace?.consider(this.#candidates[owner] as Candidate<Target>, undefined, note)
  }

  #draw(): number {
    return Math.floor(this.#random() * 2 ** 32)
  }
}

/** What is no text would have the hash of the empty one, and all calls would go to one instance. */
function checkKey(key: unknown): string {
  if (typeof key === 'string') return key
  const what = key === null ? 'null' : `of type ${typeof key}`
  throw new TypeError(`balancingKey must be bound to a string or undefined, but what it is bound to is ${what}`)
}
