// InstanceHealth: whether one instance may be called, by the word of somebody else: a breaker, a probe.
import type { Verdict } from '../core/codes.ts'
import type { Context } from '../core/context.ts'

/** The ticket of a call that must not go there. */
export const refusedTicket = -1

/** Judges one instance. Disposed when the instance leaves. */
export interface InstanceHealth extends Disposable {
  /** Whether calls may go there. Every change is told to `onChange`. */
  readonly healthy: boolean
  /** Sets the one listener. Called after `healthy` has changed, not for what it is now. */
  onChange(listener: () => void): void
  /** A call is about to begin: gives what `end` is told then, or `refusedTicket` where this call must go elsewhere. @default lets all in */
  begin?(now: number, ctx: Context): number
  /** A call that was let in, and gets a stream, has got the first message of it. */
  answered?(ticket: number, now: number, ctx: Context): void
  /** A call that was let in has ended, after that many milliseconds; NaN for a stream, which takes as long as it likes. */
  end?(ticket: number, verdict: Verdict, tookMs: number, now: number, ctx: Context): void
  /** What a person should know of it: `circuit open for 3.2 s`; undefined where there is nothing to say. */
  describe?(): string | undefined
}
