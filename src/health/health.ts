// health: whether this process is alive, and whether calls should come to it, for whoever asks: probes, load balancers, people.
import { type Clock, systemClock } from '../core/clock.ts'
import { tell } from '../core/tell.ts'
import { type CheckFunction, type CheckReport, type HealthCheck, type HealthStatus, KeptCheck } from './health-check.ts'

export type { CheckFunction, CheckKind, CheckReport, HealthCheck, HealthStatus } from './health-check.ts'

/** What health depends on. */
export interface HealthOptions {
  /** By name; the names are shown to whoever asks. @default none */
  readonly checks?: Readonly<Record<string, HealthCheck | CheckFunction>> | undefined
  /** Told when the status of a check changes, and when the process becomes ready or ceases to be. @default nothing */
  readonly onChange?: ((event: HealthChangeEvent) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** A check has another status than before, or there is another word on readiness. */
export type HealthChangeEvent =
  | { readonly what: 'check'; readonly check: CheckReport; readonly error: Error | undefined }
  | { readonly what: 'readiness'; readonly isReady: boolean; readonly reason: string | undefined }

/** An answer to a probe. */
export interface HealthReport {
  /** The worst there is: `fail` as soon as a critical check fails, or the process is not ready. */
  readonly status: HealthStatus
  /** Why the process is not ready, whatever the checks say; undefined when it is. */
  readonly reason: string | undefined
  /** What was looked at, in the order of the options. */
  readonly checks: readonly CheckReport[]
}

/** What is known of health without looking. */
export interface HealthSnapshot {
  readonly isReady: boolean
  /** Why it is not ready: `starting` at first. */
  readonly reason: string | undefined
  /** What each check has found last; those are left out that were never asked. */
  readonly checks: readonly CheckReport[]
}

/** The health of a process. */
export interface Health {
  /** Whether the process works, by its liveness checks. Never rejects. */
  liveness(): Promise<HealthReport>
  /** Whether calls should come: only when the process is ready by its own word, and then by all checks. Never rejects. */
  readiness(): Promise<HealthReport>
  /** The word of the process itself, whatever the checks say. False at first. */
  readonly isReady: boolean
  /** Says whether the process is ready. The reason is shown to whoever asks. @default reason: 'not ready' */
  setReady(isReady: boolean, reason?: string): void
  /** Asks no check. */
  snapshot(): HealthSnapshot
}

/**
 * Gathers checks into two answers. A check runs only when somebody asks: once at a time, all side by side, each within its own time, and
 * what it finds holds for a while; so a crowd of probes costs no more than one. Throws a TypeError or RangeError for a check that makes no sense.
 */
export function health(options: HealthOptions = {}): Health {
  return new CheckedHealth(options)
}

class CheckedHealth implements Health {
  readonly #checks: readonly KeptCheck[]
  readonly #vital: readonly KeptCheck[]
  readonly #onChange: HealthOptions['onChange']
  /** Why it is not ready; undefined when it is. */
  #reason: string | undefined = 'starting'

  constructor({ checks = {}, onChange, clock = systemClock }: HealthOptions) {
    const changed = (check: CheckReport, error: Error | undefined) => tell(onChange, { what: 'check', check, error })
    this.#checks = Object.entries(checks).map(([name, check]) => new KeptCheck(name, check, clock, changed))
    this.#vital = this.#checks.filter(({ kind }) => kind === 'liveness')
    this.#onChange = onChange
  }

  get isReady(): boolean {
    return this.#reason === undefined
  }

  async liveness(): Promise<HealthReport> {
    return reportOf(undefined, await askAll(this.#vital))
  }

  async readiness(): Promise<HealthReport> {
    // What is just starting or about to end need not bear its checks, which may be of what is not open yet, or no longer.
    const checks = this.isReady ? await askAll(this.#checks) : []
    // Read only now: a probe that came before the end began must not be told afterwards that all is well.
    return reportOf(this.#reason, checks)
  }

  setReady(isReady: boolean, reason = 'not ready'): void {
    const next = isReady ? undefined : reason
    if (next === this.#reason) return
    this.#reason = next
    tell(this.#onChange, { what: 'readiness', isReady, reason: next })
  }

  snapshot(): HealthSnapshot {
    const checks = this.#checks.flatMap(({ last }) => last ?? [])
    return { isReady: this.isReady, reason: this.#reason, checks }
  }
}

function askAll(checks: readonly KeptCheck[]): Promise<CheckReport[]> {
  return Promise.all(checks.map((check) => check.ask()))
}

function reportOf(reason: string | undefined, checks: readonly CheckReport[]): HealthReport {
  const has = (status: HealthStatus) => checks.some((check) => check.status === status)
  const status = reason !== undefined || has('fail') ? 'fail' : has('warn') ? 'warn' : 'pass'
  return { status, reason, checks }
}
