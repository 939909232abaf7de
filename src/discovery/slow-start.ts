// slowStart: lets an instance that has joined have its share of calls little by little, while it fills its caches and compiles its code.
import type { Context } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import type { Candidate } from './candidate.ts'

/** How an instance comes to its share. */
export interface SlowStartOptions {
  /** How long it takes until it has its whole share, in milliseconds; at least 1. @default 30_000 */
  readonly windowMs?: number | undefined
  /** What it has of its share at first, above 0, at most 1. @default 0.1 */
  readonly minRatio?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/** How many candidates a pick may turn down. */
const mostTries = 4

/**
 * Takes what the balancer picks with a chance that grows evenly from `minRatio` to 1 while an instance is young; otherwise the balancer picks
 * another one, as for a call that was sent to this one already. So it works with any balancer, those included that would choose what has no
 * calls again and again. After four are turned down the oldest of them is taken.
 *
 * The chance is relative to the oldest instance of the set: while all are equally young, as they are when a process begins, none is held
 * back. It owns the balancer. Throws a RangeError for an option out of its range.
 */
export function slowStart<Target = unknown>(
  balancer: Balancer<Target>,
  options: SlowStartOptions = {},
): Balancer<Target> {
  return new SlowStart(balancer, options)
}

class SlowStart<Target> implements Balancer<Target> {
  readonly name: string
  readonly #balancer: Balancer<Target>
  readonly #windowMs: number
  readonly #minRatio: number
  readonly #random: Random
  #firstJoinedAt = Infinity
  #lastJoinedAt = -Infinity

  constructor(balancer: Balancer<Target>, options: SlowStartOptions) {
    this.name = `slow_start_${balancer.name}`
    this.#balancer = balancer
    this.#windowMs = checkNumber('windowMs', options.windowMs ?? 30_000, { min: 1, max: Number.MAX_SAFE_INTEGER })
    this.#minRatio = checkNumber('minRatio', options.minRatio ?? 0.1, { min: Number.MIN_VALUE, max: 1 })
    this.#random = options.random ?? systemRandom
  }

  update(candidates: readonly Candidate<Target>[]): void {
    this.#firstJoinedAt = Infinity
    this.#lastJoinedAt = -Infinity
    for (const { joinedAt } of candidates) {
      if (joinedAt < this.#firstJoinedAt) this.#firstJoinedAt = joinedAt
      if (joinedAt > this.#lastJoinedAt) this.#lastJoinedAt = joinedAt
    }
    this.#balancer.update(candidates)
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    const candidate = this.#balancer.pick(ctx, trace)
    if (candidate === undefined || this.#firstJoinedAt === this.#lastJoinedAt) return candidate
    const now = ctx.clock.now()
    if (now - this.#lastJoinedAt >= this.#windowMs) return candidate
    return this.#isTaken(candidate, now, trace) ? candidate : this.#another(candidate, ctx, now, trace)
  }

  #another(first: Candidate<Target>, ctx: Context, now: number, trace?: PickTrace<Target>): Candidate<Target> {
    const turnedDown = new TriedInstances()
    for (const id of triedIn(ctx)?.ids ?? []) turnedDown.add(id)
    const others = ctx.with(triedInstances, turnedDown)
    let oldest = first
    turnedDown.add(first.instance.id)
    for (let tries = 1; tries < mostTries; tries++) {
      const candidate = this.#balancer.pick(others, trace)
      // None is left but those that were tried or turned down.
      if (candidate === undefined || turnedDown.has(candidate.instance.id)) break
      if (this.#isTaken(candidate, now, trace)) return candidate
      if (candidate.joinedAt < oldest.joinedAt) oldest = candidate
      turnedDown.add(candidate.instance.id)
    }
    trace?.consider(oldest, undefined, 'oldest of those that were turned down')
    return oldest
  }

  #isTaken(candidate: Candidate<Target>, now: number, trace: PickTrace<Target> | undefined): boolean {
    const { joinedAt } = candidate
    const ratio = this.#ratioAt(joinedAt, now) / this.#ratioAt(this.#firstJoinedAt, now)
    if (ratio >= 1) return true
    if (trace === undefined) return this.#random() < ratio
    const age = formatDuration(Math.round(now - joinedAt))
    trace.consider(candidate, undefined, `joined ${age} ago: taken with a chance of ${Math.round(ratio * 100)} %`)
    // What is likelier: a draw would change the next call's.
    return ratio > 0.5
  }

  #ratioAt(joinedAt: number, now: number): number {
    const age = Math.max(0, now - joinedAt) / this.#windowMs
    return age >= 1 ? 1 : this.#minRatio + (1 - this.#minRatio) * age
  }
}
