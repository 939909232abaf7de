// zones: keeps calls in the zone of the caller, where they are fast and cost nothing, unless another zone would serve them far sooner.
import type { Context } from '../core/context.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import type { Candidate } from './candidate.ts'

/** Which zone is the caller's, and when calls leave it. */
export interface ZoneOptions<Target = unknown> {
  /** The zone that this process runs in. */
  readonly own: string
  /** Makes the balancer for one part of the set; called twice, for the own zone and for all others. */
  readonly of: () => Balancer<Target>
  /** How many times the load of the one picked elsewhere the own zone's may have; at least 1. @default 2 */
  readonly spillRatio?: number | undefined
}

/** After how long what is known of the load elsewhere counts half, and is worth a question. */
const halfLifeMs = 10_000
/** How often calls leave the zone to find out what is not known. */
const askEveryMs = 1_000

/**
 * Picks one in the own zone and one elsewhere, and takes the first unless its load is more than `spillRatio` times that of the other. Instances
 * whose zone is not known are elsewhere. Where no instance of the own zone may be called, or the call was sent to all of them, it takes
 * the other.
 *
 * Loads are `loadAt`, with two differences, since nearly all calls stay here. Instances elsewhere serve the clients of their own zones, of which
 * this process sees nothing: they are taken to have as many calls in flight from these as the own one has from here, and those from here on
 * top. So how long calls take decides, and each call that leaves makes the next one less likely to; calls that do not come to an end count
 * when their deadline has ended them. And what is known of elsewhere fades by half in ten seconds, however fast `loadAt` does; where that is
 * all that speaks for leaving, one call a second is sent to ask.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function zones<Target = unknown>(options: ZoneOptions<Target>): Balancer<Target> {
  return new Zones(options)
}

class Zones<Target> implements Balancer<Target> {
  readonly name: string
  readonly #own: string
  readonly #spillRatio: number
  readonly #here: Balancer<Target>
  readonly #elsewhere: Balancer<Target>
  /** How long a call takes elsewhere, as it was when that last went up. */
  #costMs = 0
  #costAt = -Infinity
  #askedAt = -Infinity
  /** Where the last call that left went. */
  #last: Candidate<Target> | undefined

  constructor({ own, of, spillRatio = 2 }: ZoneOptions<Target>) {
    if (typeof own !== 'string' || own === '') throw new TypeError('own must be the name of a zone')
    if (typeof of !== 'function') throw new TypeError(`of must be a function, but is ${typeof of}`)
    this.#own = own
    this.#spillRatio = checkNumber('spillRatio', spillRatio, { min: 1 })
    this.#here = of()
    this.#elsewhere = of()
    this.name = `zones_${this.#here.name}`
  }

  update(candidates: readonly Candidate<Target>[]): void {
    this.#here.update(candidates.filter(({ instance }) => instance.zone === this.#own))
    this.#last = undefined
    this.#elsewhere.update(candidates.filter(({ instance }) => instance.zone !== this.#own))
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    const local = this.#here.pick(ctx, trace)
    const other = this.#elsewhere.pick(ctx, trace)
    if (local === undefined || other === undefined) return local ?? other
    const tried = triedIn(ctx)
    if (tried !== undefined) {
      if (tried.has(other.instance.id)) return local
      if (tried.has(local.instance.id)) return other
    }
    return this.#leaves(local, other, ctx.clock.now(), trace) ? other : local
  }

  #leaves(
    local: Candidate<Target>,
    other: Candidate<Target>,
    now: number,
    trace: PickTrace<Target> | undefined,
  ): boolean {
    if (local.weight === 0 || other.weight === 0) return local.weight < other.weight
    const knownMs = this.#costMs * 2 ** -((now - this.#costAt) / halfLifeMs)
    // The one picked is often one that was never called. What the last call that left has found says more.
    const freshMs = Math.max(costOf(other, now), this.#last === undefined ? 0 : costOf(this.#last, now))
    const costAt = freshMs > knownMs ? now : this.#costAt
    const costMs = Math.max(freshMs, knownMs)
    const unseen = (local.inFlight * other.weight) / local.weight
    const here = local.loadAt(now)
    const there = (costMs * (other.inFlight + unseen + 1)) / other.weight
    const isBusy = here > this.#spillRatio * there
    const isKnown = now - costAt < halfLifeMs
    const leaves = isBusy && (isKnown || now - this.#askedAt >= askEveryMs)
    if (trace !== undefined) {
      trace.consider(local, here, `in ${this.#own}, which may have ${this.#spillRatio} times the load of elsewhere`)
      trace.consider(other, there, isBusy && !leaves ? 'elsewhere: what is known of it is old' : 'elsewhere')
      return leaves
    }
    if (costAt === now) {
      this.#costMs = costMs
      this.#costAt = now
    }
    if (leaves) {
      this.#last = other
      if (!isKnown) this.#askedAt = now
    }
    return leaves
  }
}

/** How long one call takes there. */
function costOf(candidate: Candidate, now: number): number {
  return (candidate.loadAt(now) * candidate.weight) / (candidate.inFlight + 1)
}
