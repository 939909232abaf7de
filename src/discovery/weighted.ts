// weighted: each instance its share of the calls, as evenly over time as whole calls allow.
import type { Context } from '../core/context.ts'
import type { TriedInstances } from '../core/tried-instances.ts'
import { KeyedHeap } from '../primitives/keyed-heap.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { Share } from './share.ts'
import { untriedFrom } from './untried.ts'

/** Where chance comes from. */
export interface WeightedOptions {
  /** Decides with which of equal ones to begin, and nothing else. @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Gives each candidate calls in proportion to its weight: after any number of picks from one set each one has had its share of them to within one
 * call. What weighs nothing gets none while another one is left. Loads do not matter. Weights are
 * taken as they are when the set is told of. A pick takes about log n steps.
 *
 * Each call of a share has a slot of time of its own: the nth one of a share of a tenth falls between 10 (n - 1) and 10 n picks. Of those whose
 * slot has begun the one whose slot ends first is given, which Stoica and Abdel-Wahab call "earliest eligible virtual deadline first" (1995);
 * they prove the bound. When the set changes, those who stay keep what they are owed, and who joins is owed nothing.
 */
export function weighted<Target = unknown>(options: WeightedOptions = {}): Balancer<Target> {
  return new Weighted<Target>(options.random ?? systemRandom)
}

/** In picks: a slot that begins now must not miss that by the last digit of a fraction. */
const roundingOff = 1e-6

class Weighted<Target> implements Balancer<Target> {
  readonly name = 'weighted'
  readonly #random: Random
  /** Of those whose slot has begun the one whose slot ends first is the lowest. */
  #begun = new KeyedHeap<Share<Target>>()
  /** Of the others the one whose slot begins first is the lowest. */
  #waiting = new KeyedHeap<Share<Target>>()
  #shares: readonly Share<Target>[] = []
  #totalWeight = 0
  /** How many calls the shares have had since the last update: time passes with these. */
  #made = 0
  /** Those that weigh nothing, and whose turn it is among them. */
  #weightless: readonly Candidate<Target>[] = []
  #turn = 0
  /** Where the order of equal ones begins, from 0 to 1; -1 while that was not drawn. */
  #first = -1
  /** Those that one pick passes over. */
  readonly #passed: Share<Target>[] = []

  constructor(random: Random) {
    this.#random = random
  }

  update(candidates: readonly Candidate<Target>[]): void {
    // Else all processes that begin at the same time would begin with the same instance.
    if (this.#first === -1) this.#first = this.#random()
    const weighing = candidates.filter(({ weight }) => weight > 0)
    const first = Math.floor(this.#first * weighing.length)
    const owed = this.#owed(weighing)
    this.#shares = weighing.map((candidate, at) => {
      const rank = at < first ? at + weighing.length : at
      return new Share(candidate, rank, owed.get(candidate.instance.id) ?? 0)
    })
    this.#totalWeight = weighing.reduce((sum, { weight }) => sum + weight, 0)
    this.#made = 0
    this.#begun = new KeyedHeap()
    this.#waiting = new KeyedHeap()
    for (const share of this.#shares) this.#waiting.push(share)
    this.#weightless = candidates.filter(({ weight }) => !(weight > 0))
    this.#turn = 0
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    this.#begin()
    const tried = triedIn(ctx)
    const share = this.#take(tried, trace)
    if (share !== undefined) return this.#given(share, trace)
    const weightless = this.#weightlessOf(tried, trace)
    if (weightless !== undefined || tried === undefined) return weightless
    const again = this.#take(undefined)
    return again === undefined ? this.#weightlessOf(undefined, trace) : this.#given(again, trace)
  }

  /** What those who stay have not had of their share, in calls; less than nothing for what was given early. */
  #owed(weighing: readonly Candidate<Target>[]): ReadonlyMap<string, number> {
    const ids = new Set(weighing.map(({ instance }) => instance.id))
    const staying = this.#shares.filter(({ candidate }) => ids.has(candidate.instance.id))
    const weight = staying.reduce((sum, share) => sum + share.weight, 0)
    // The moment at which they are owed nothing together: whoever has left took along what it was owed.
    const now = staying.reduce((sum, share) => sum + (share.startsAt * share.weight) / weight, 0)
    return new Map(staying.map((share) => [share.candidate.instance.id, (now - share.startsAt) * share.weight]))
  }

  /** Lets those slots begin whose time has come. */
  #begin(): void {
    const now = (this.#made + roundingOff) / this.#totalWeight
    for (let next = this.#waiting.lowest; next !== undefined && next.key <= now; next = this.#waiting.lowest) {
      this.#waiting.pop()
      next.key = next.endsAt
      this.#begun.push(next)
    }
  }

  /** Takes the share out that is next and was not tried; one whose slot has not begun where there is no other. */
  #take(tried: TriedInstances | undefined, trace?: PickTrace<Target>): Share<Target> | undefined {
    return this.#takeFrom(this.#begun, tried, trace) ?? this.#takeFrom(this.#waiting, tried, trace)
  }

  #takeFrom(
    heap: KeyedHeap<Share<Target>>,
    tried: TriedInstances | undefined,
    trace?: PickTrace<Target>,
  ): Share<Target> | undefined {
    let share = heap.pop()
    if (tried === undefined) return share
    const passed = this.#passed
    while (share !== undefined && tried.has(share.candidate.instance.id)) {
      trace?.consider(share.candidate, undefined, 'tried')
      passed.push(share)
      share = heap.pop()
    }
    for (const each of passed) heap.push(each)
    passed.length = 0
    return share
  }

  /** Gives what was taken out; puts it back where it was for a trace, and else at its next slot. */
  #given(share: Share<Target>, trace?: PickTrace<Target>): Candidate<Target> {
    if (trace === undefined) {
      share.next()
      this.#made++
      this.#waiting.push(share)
      return share.candidate
    }
    const heap = share.key === share.endsAt ? this.#begun : this.#waiting
    heap.push(share)
    const picksLeft = share.endsAt * this.#totalWeight - this.#made
    trace.consider(share.candidate, picksLeft, 'how many picks from now its next call is due')
    return share.candidate
  }

  #weightlessOf(tried: TriedInstances | undefined, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    const candidates = this.#weightless
    const at = tried === undefined ? this.#turn : untriedFrom(candidates, this.#turn, tried, trace)
    const candidate = candidates[at]
    if (candidate === undefined || tried?.has(candidate.instance.id)) return undefined
    trace?.consider(candidate, undefined, 'weighs nothing')
    if (trace === undefined) this.#turn = at + 1 < candidates.length ? at + 1 : 0
    return candidate
  }
}
