// BreakerState: the words for what a circuit breaker is, why it became so, and what is kept of it; apart, since operators and metrics use them too.
import type { Context } from '../core/context.ts'

/** `half_open`: a few calls are let through to find out. The last three were asked for, and stay until they are taken back. */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'forced_open' | 'forced_closed' | 'disabled'

/** What a breaker can be forced to: to refuse all, to let all pass and count none, or to let all pass and count them. */
export type ForcedState = 'open' | 'closed' | 'disabled'

/** Why a breaker changed its state. */
export type BreakerCause =
  | 'consecutive_failures'
  | 'failure_ratio'
  | 'slow_ratio'
  | 'open_time_over'
  | 'probe_failed'
  | 'probe_timed_out'
  | 'probes_succeeded'
  | 'forced'
  | 'released'
  | 'restored'

/** A breaker changed its state. */
export interface BreakerChange {
  readonly from: BreakerState
  readonly to: BreakerState
  readonly cause: BreakerCause
  /** How long it stays open, in milliseconds; undefined in other states. */
  readonly openMs: number | undefined
  /** What was said by who forced it; undefined in other states. */
  readonly reason: string | undefined
  /** The call that changed it, or that found it changed by time. */
  readonly ctx: Context | undefined
}

/** How a breaker is, as plain data: for an operator, or to be restored elsewhere. */
export interface BreakerSnapshot {
  /** As the last call left it: an open one whose time is over is open until the next call. */
  readonly state: BreakerState
  /** Why it came to this; undefined as long as it has never changed. */
  readonly cause: BreakerCause | undefined
  /** What was said by who forced it. */
  readonly reason: string | undefined
  /** When the next call may pass, in milliseconds since the epoch; undefined unless it is open. */
  readonly openUntilAt: number | undefined
  /** How often it has opened since it was closed. */
  readonly openings: number
  readonly consecutiveFailures: number
  /** What the window holds. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** While it is half open: the calls that were let through and have not ended, and those that succeeded. */
  readonly probesInFlight: number
  readonly probesSucceeded: number
  /** When this was taken, in milliseconds since the epoch. */
  readonly takenAt: number
  /** What the window holds, as it can be restored. */
  readonly window: readonly number[]
}

const forcedStates: Readonly<Record<ForcedState, BreakerState>> = {
  open: 'forced_open',
  closed: 'forced_closed',
  disabled: 'disabled',
}

/** The state that a breaker has when it is forced. Throws a TypeError for what it cannot be forced to. */
export function stateForced(state: ForcedState): BreakerState {
  if (isForcedState(state)) return forcedStates[state]
  throw new TypeError(`a breaker can be forced 'open', 'closed' or 'disabled', but not ${String(state)}`)
}

/** Whether a value that came from outside is something that a breaker can be forced to. */
export function isForcedState(value: unknown): value is ForcedState {
  return typeof value === 'string' && Object.hasOwn(forcedStates, value)
}

/** Whether a value that came from outside is a state that stays until it is taken back. */
export function isForced(state: unknown): state is BreakerState {
  return Object.values(forcedStates).includes(state as BreakerState)
}
