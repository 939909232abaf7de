// One check of health: what it is, and how it is kept from becoming a flood when many ask for it at once.
import type { Clock } from '../core/clock.ts'
import { type Context, rootContext } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import { errorOf } from '../core/error-of.ts'
import { checkNumber } from '../primitives/check.ts'

/**
 * Looks whether something works. It fails when it throws, rejects or gives `false`; whatever else it gives is good. It should heed `ctx`,
 * which is aborted at the end of its time: nobody waits for it from then on. While one goes on for all that it is run beside itself once
 * at most, as it may do better with a new connection; when both go on it fails until one has ended.
 */
export type CheckFunction = (ctx: Context) => unknown

/** What a failure of a check means: that no calls should come, or that the process is beyond help and must be started anew. */
export type CheckKind = 'readiness' | 'liveness'

/** A check, and how it is asked. */
export interface HealthCheck {
  readonly check: CheckFunction
  /** A liveness check counts for readiness too. What depends on others is never one: all processes would be started anew. @default 'readiness' */
  readonly kind?: CheckKind | undefined
  /** Whether a failure means that the whole fails; otherwise it is a warning. @default true */
  readonly critical?: boolean | undefined
  /** How long it may take, in milliseconds; then it has failed. @default 1_000 */
  readonly timeoutMs?: number | undefined
  /** How long an answer holds, good or bad, in milliseconds. @default 1_000 */
  readonly cacheMs?: number | undefined
}

/** `warn` is good enough to go on, and should be looked at. */
export type HealthStatus = 'pass' | 'warn' | 'fail'

/** What a check has found. */
export interface CheckReport {
  readonly name: string
  readonly kind: CheckKind
  readonly status: HealthStatus
  /** When it was found, in milliseconds since the epoch. */
  readonly at: number
  readonly tookMs: number
  /** What it failed with: a text for insiders, which may name hosts and users. */
  readonly failure: string | undefined
}

/** Told of a status that is not that of the time before; of the first one only when it is not good. */
export type CheckListener = (report: CheckReport, error: Error | undefined) => void

// One that hangs, and one beside it.
const mostUnended = 2

/** A check that runs once at a time, however many ask, and whose answer is kept for a while. */
export class KeptCheck {
  readonly kind: CheckKind
  readonly #name: string
  readonly #check: CheckFunction
  readonly #isCritical: boolean
  readonly #timeoutMs: number
  readonly #cacheMs: number
  readonly #clock: Clock
  readonly #onChange: CheckListener
  /** When the runs began that have not ended, in that order; after their time too. */
  readonly #unended: number[] = []
  #running: Promise<CheckReport> | undefined
  #last: CheckReport | undefined
  #staleAt = 0

  /** Throws a TypeError or RangeError, which names the check, for options that make no sense. */
  constructor(name: string, given: HealthCheck | CheckFunction, clock: Clock, onChange: CheckListener) {
    const options = typeof given === 'function' ? { check: given } : given
    const { kind = 'readiness', critical = true } = options ?? {}
    if (name === '') throw new TypeError('a check must have a name')
    if (typeof options?.check !== 'function') throw new TypeError(`the check ${name} must be or have a function`)
    if (kind !== 'readiness' && kind !== 'liveness')
      throw new TypeError(`kind of the check ${name} must be readiness or liveness, but is ${String(kind)}`)
    this.kind = kind
    this.#name = name
    this.#check = options.check
    this.#isCritical = critical
    this.#timeoutMs = checkNumber(`timeoutMs of the check ${name}`, options.timeoutMs ?? 1_000, { min: 1 })
    this.#cacheMs = checkNumber(`cacheMs of the check ${name}`, options.cacheMs ?? 1_000, { min: 0 })
    this.#clock = clock
    this.#onChange = onChange
  }

  /** What was found last; undefined as long as nobody has asked. */
  get last(): CheckReport | undefined {
    return this.#last
  }

  /** What is found now, or was a moment ago. Never rejects. */
  ask(): Promise<CheckReport> {
    if (this.#running !== undefined) return this.#running
    const now = this.#clock.now()
    if (this.#last !== undefined && now < this.#staleAt) return Promise.resolve(this.#last)
    this.#running = this.#run(now)
    return this.#running
  }

  async #run(startedAt: number): Promise<CheckReport> {
    const error = await this.#failureOf(startedAt)
    const endedAt = this.#clock.now()
    const report: CheckReport = {
      name: this.#name,
      kind: this.kind,
      status: error === undefined ? 'pass' : this.#isCritical ? 'fail' : 'warn',
      at: this.#clock.wallNow(),
      tookMs: endedAt - startedAt,
      failure: error?.message,
    }
    const before = this.#last?.status ?? 'pass'
    this.#last = report
    this.#staleAt = endedAt + this.#cacheMs
    this.#running = undefined
    if (report.status !== before) this.#onChange(report, error)
    return report
  }

  async #failureOf(startedAt: number): Promise<Error | undefined> {
    const [oldestAt = startedAt] = this.#unended
    if (this.#unended.length >= mostUnended)
      return new Error(`the check has not ended for ${formatDuration(Math.round(startedAt - oldestAt))}`)
    using ctx = rootContext({ clock: this.#clock, deadlineAt: startedAt + this.#timeoutMs })
    const late = Promise.withResolvers<never>()
    ctx.onAbort(() => late.reject(new Error(`the check did not end within ${formatDuration(this.#timeoutMs)}`)))
    try {
      const answer = await Promise.race([this.#answerOf(ctx, startedAt), late.promise])
      return answer === false ? new Error('the check gave false') : undefined
    } catch (thrown) {
      return errorOf(thrown)
    }
  }

  async #answerOf(ctx: Context, startedAt: number): Promise<unknown> {
    this.#unended.push(startedAt)
    try {
      return await this.#check(ctx)
    } finally {
      this.#unended.splice(this.#unended.indexOf(startedAt), 1)
    }
  }
}
