// InstanceCall: one attempt at one instance, counted there while it is in flight, and judged when it has ended.
import type { Context } from '../core/context.ts'
import type { Tap } from '../core/endpoint.ts'
import { type Classify, classify, type Outcome } from '../core/outcome.ts'
import { surface } from '../core/tell.ts'
import type { MeasuredCandidate } from './measured-candidate.ts'

/** Who an attempt belongs to. */
export interface InstanceCallOwner<Target> {
  readonly classify: Classify
  /** An attempt has ended, and its candidate has been told. */
  ended(candidate: MeasuredCandidate<Target>): void
}

/** Watches an attempt from its beginning to its end, whatever ends it. */
export class InstanceCall<Target> implements Tap<number> {
  readonly #owner: InstanceCallOwner<Target>
  readonly #candidate: MeasuredCandidate<Target>
  readonly #ticket: number | undefined
  readonly #startedAt: number
  #isAnswered = false

  /** Without a ticket the instance's health hears nothing of it. */
  constructor(
    owner: InstanceCallOwner<Target>,
    candidate: MeasuredCandidate<Target>,
    ticket: number | undefined,
    now: number,
  ) {
    this.#owner = owner
    this.#candidate = candidate
    this.#ticket = ticket
    this.#startedAt = now
  }

  onStart(): number {
    this.#candidate.begin()
    return this.#startedAt
  }

  onMessage(_startedAt: number, _message: unknown, ctx: Context): void {
    if (this.#isAnswered || this.#ticket === undefined) return
    this.#isAnswered = true
    this.#candidate.health?.answered?.(this.#ticket, ctx.clock.now(), ctx)
  }

  onEnd(startedAt: number, outcome: Outcome, ctx: Context): void {
    const now = ctx.clock.now()
    const verdict = this.#judge(outcome)
    const tookMs = ctx.method.kind === 'unary' ? now - startedAt : Number.NaN
    const candidate = this.#candidate
    candidate.end(verdict, tookMs, now)
    try {
      if (this.#ticket !== undefined) candidate.health?.end?.(this.#ticket, verdict, tookMs, now, ctx)
    } finally {
      this.#owner.ended(candidate)
    }
  }

  /** A judge who throws must not change what the caller gets. */
  #judge(outcome: Outcome): ReturnType<Classify> {
    try {
      return this.#owner.classify(outcome)
    } catch (thrown) {
      surface(thrown)
      return classify(outcome)
    }
  }
}
