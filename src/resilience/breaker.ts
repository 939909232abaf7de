// Breaker: the states of a circuit breaker, without a call, a timer or a clock of their own, for whoever lets calls through and knows how they ended.
import type { Verdict } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import { tell } from '../core/tell.ts'
import type { BreakerLimits, BreakerSettings } from './breaker-settings.ts'
import {
  type BreakerCause,
  type BreakerChange,
  type BreakerSnapshot,
  type BreakerState,
  type ForcedState,
  isForced,
  stateForced,
} from './breaker-state.ts'
import type { BreakerWindow } from './breaker-window.ts'

export type { BreakerCause, BreakerChange, BreakerSnapshot, BreakerState, ForcedState } from './breaker-state.ts'

/** What `allow` gives to a call that must not run. */
export const refused = -1

/** Passes, and is not counted. */
const uncounted = 0

interface Probe {
  readonly ticket: number
  readonly startedAt: number
}

/**
 * Lets calls through, each with a ticket, and hears how they ended. Time goes on when a call comes: whatever would have
 * happened meanwhile happens then, as of its own moment. What a call of an earlier state says is not heard.
 */
export class Breaker {
  readonly #limits: BreakerLimits
  readonly #settings: BreakerSettings
  readonly #onChange: ((change: BreakerChange) => void) | undefined
  readonly #window: BreakerWindow
  readonly #slowMs: number
  #state: BreakerState = 'closed'
  #cause: BreakerCause | undefined
  #reason: string | undefined
  /** The last ticket that was given. */
  #tickets = 1
  /** The ticket of all calls that begin while it counts them; no call has it otherwise. */
  #counted = 1
  /** What `ticket` gives. */
  #passing = 1
  #failuresInARow = 0
  #openings = 0
  #openUntil = 0
  /** Those in flight, the one that began first in front. */
  #probes: Probe[] = []
  #probesSucceeded = 0

  constructor(settings: BreakerSettings, onChange?: (change: BreakerChange) => void) {
    this.#settings = settings
    this.#limits = settings.limits
    this.#slowMs = settings.limits.slowMs ?? Infinity
    this.#onChange = onChange
    this.#window = settings.window()
  }

  /** As the last call left it. */
  get state(): BreakerState {
    return this.#state
  }

  /** The ticket of a call that may pass whatever the time is; `refused` when `allow` must be asked. */
  get ticket(): number {
    return this.#passing
  }

  /** The ticket of a call that begins at this moment, or `refused`. */
  allow(now: number, ctx?: Context): number {
    if (this.#passing !== refused) return this.#passing
    this.#failLateProbe(now, ctx)
    if (this.#state === 'open' && now >= this.#openUntil) this.#change('half_open', 'open_time_over', ctx)
    if (this.#state !== 'half_open') return refused
    if (this.#probes.length + this.#probesSucceeded >= this.#limits.probes) return refused
    this.#tickets++
    this.#probes.push({ ticket: this.#tickets, startedAt: now })
    return this.#tickets
  }

  /** Takes note of how a call ended at this moment. To say it again, or for a call of an earlier state, changes nothing while it is not closed. */
  record(ticket: number, verdict: Verdict, tookMs: number, now: number, ctx?: Context): void {
    if (ticket === this.#counted) {
      const slow = tookMs >= this.#slowMs
      if (verdict === 'success' && !slow) {
        this.#window.record(false, false, now)
        this.#failuresInARow = 0
      } else if (verdict !== 'ignored') {
        this.#countBad(verdict === 'failure', slow, now, ctx)
      }
    } else if (this.#state === 'half_open') {
      this.#failLateProbe(now, ctx)
      this.#endProbe(ticket, verdict === 'success' && tookMs >= this.#slowMs ? 'failure' : verdict, now, ctx)
    }
  }

  /** How long it stays open, in milliseconds; undefined when nobody knows how long it refuses, or it does not. */
  openForMs(now: number): number | undefined {
    return this.#state === 'open' ? Math.max(0, this.#openUntil - now) : undefined
  }

  /** Forces a state until another one is, or takes it back: then it is closed, and has counted nothing unless it counted all the while. */
  force(state: ForcedState | undefined, reason?: string): void {
    if (state === undefined) {
      this.#reason = undefined
      if (isForced(this.#state)) this.#change('closed', 'released')
    } else {
      const forced = stateForced(state)
      this.#reason = reason
      this.#change(forced, 'forced')
    }
  }

  /** How it is now; changes nothing. */
  snapshot(now: number, wallNow: number): BreakerSnapshot {
    return {
      state: this.#state,
      cause: this.#cause,
      reason: this.#reason,
      openUntilAt: this.#state === 'open' ? Math.ceil(wallNow + this.#openUntil - now) : undefined,
      openings: this.#openings,
      consecutiveFailures: this.#failuresInARow,
      ...this.#window.countsAt(now),
      probesInFlight: this.#probes.length,
      probesSucceeded: this.#probesSucceeded,
      takenAt: wallNow,
      window: this.#window.save(now),
    }
  }

  /**
   * Goes on where another one was: in its state, for what is left of its open time, with what it counted. One that was half open sends
   * probes of its own. What makes no sense in the snapshot, which may have been anywhere, is left out.
   */
  restore(snapshot: BreakerSnapshot, now: number, wallNow: number): void {
    const { state, takenAt, openUntilAt, reason } = snapshot
    const elapsedMs = Math.max(0, wallNow - takenAt)
    this.#reason = isForced(state) && typeof reason === 'string' ? reason : undefined
    if (isForced(state)) {
      this.#change(state, 'restored')
    } else if (state === 'open' || state === 'half_open') {
      // No clock that was wrong keeps it open for longer than it can be by itself.
      const leftMs = state === 'open' ? Math.min(finiteOr0(openUntilAt) - wallNow, this.#settings.longestOpenMs) : 0
      this.#change('open', 'restored', undefined, now + leftMs, Math.max(0, leftMs))
      this.#openings = Math.max(1, countOf(snapshot.openings))
    } else {
      this.#change('closed', 'restored')
    }
    this.#failuresInARow = countOf(snapshot.consecutiveFailures)
    this.#window.load(Array.isArray(snapshot.window) ? snapshot.window : [], elapsedMs, now)
  }

  /** Counts a call that failed, was slow, or both: only those open it. */
  #countBad(failed: boolean, slow: boolean, now: number, ctx: Context | undefined): void {
    this.#window.record(failed, slow, now)
    this.#failuresInARow = failed ? this.#failuresInARow + 1 : 0
    if (this.#state !== 'closed') return
    const cause = this.#causeToOpen(failed, slow)
    if (cause !== undefined) this.#open(now, cause, ctx)
  }

  #causeToOpen(failed: boolean, slow: boolean): BreakerCause | undefined {
    const { minimumCalls = Infinity, failureRatio, slowRatio } = this.#limits
    const window = this.#window
    const areMany = window.calls >= minimumCalls
    const inARow = areMany ? this.#limits.consecutiveFailuresOfMany : this.#limits.consecutiveFailures
    if (failed && this.#failuresInARow >= (inARow ?? Infinity)) return 'consecutive_failures'
    if (!areMany) return undefined
    // Divided, since 0.07 * 100 is more than 7.
    if (failed && window.failures / window.calls >= failureRatio) return 'failure_ratio'
    return slow && window.slow / window.calls >= slowRatio ? 'slow_ratio' : undefined
  }

  #endProbe(ticket: number, verdict: Verdict, now: number, ctx: Context | undefined): void {
    const place = this.#probes.findIndex((probe) => probe.ticket === ticket)
    if (place === -1) return
    this.#probes.splice(place, 1)
    if (verdict === 'failure') this.#open(now, 'probe_failed', ctx)
    else if (verdict === 'success') {
      this.#probesSucceeded++
      if (this.#probesSucceeded === this.#limits.probes) this.#change('closed', 'probes_succeeded', ctx)
    }
  }

  /** A probe that hangs has failed at the end of its time, whenever that is found out. */
  #failLateProbe(now: number, ctx: Context | undefined): void {
    const oldest = this.#probes[0]
    if (oldest === undefined) return
    const failedAt = oldest.startedAt + this.#limits.probeTimeoutMs
    if (now >= failedAt) this.#open(failedAt, 'probe_timed_out', ctx)
  }

  #open(at: number, cause: BreakerCause, ctx: Context | undefined): void {
    const openMs = this.#settings.openTime(this.#openings)
    this.#openings++
    this.#change('open', cause, ctx, at + openMs, openMs)
  }

  #change(to: BreakerState, cause: BreakerCause, ctx?: Context, openUntil = 0, openMs?: number): void {
    const from = this.#state
    this.#state = to
    this.#cause = cause
    this.#openUntil = openUntil
    this.#probes = []
    this.#probesSucceeded = 0
    const counts = to === 'closed' || to === 'disabled'
    // From one of these to the other all that was counted still holds.
    if (!(counts && (from === 'closed' || from === 'disabled'))) this.#begin(to, counts)
    if (from !== to) tell(this.#onChange, { from, to, cause, openMs, reason: this.#reason, ctx })
  }

  /** From here on nobody hears the calls that began before. What they came to stays to be seen until counting begins again. */
  #begin(to: BreakerState, counts: boolean): void {
    this.#tickets++
    this.#counted = this.#tickets
    this.#passing = counts ? this.#counted : to === 'forced_closed' ? uncounted : refused
    if (counts) {
      this.#failuresInARow = 0
      this.#window.clear()
    }
    if (to !== 'open' && to !== 'half_open') this.#openings = 0
  }
}

function countOf(value: unknown): number {
  return Math.max(0, Math.trunc(finiteOr0(value)))
}

function finiteOr0(value: unknown): number {
  return Number.isFinite(value) ? (value as number) : 0
}
