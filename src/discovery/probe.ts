// probe: asks each instance from time to time whether it is well, whoever calls it or not.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import { type Context, rootContext } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import { errorOf } from '../core/error-of.ts'
import { ServiceError } from '../core/errors.ts'
import { tell } from '../core/tell.ts'
import { within } from '../core/within.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import type { Instance } from './instance.ts'
import type { InstanceHealth } from './instance-health.ts'

/** How instances are asked, and what their answers mean. */
export interface ProbeOptions {
  /** Resolves when the instance is well, and throws when it is not. Its context ends when the time for it is over. */
  readonly check: (instance: Instance, ctx: Context) => Promise<void>
  /** How long from the beginning of one check to that of the next, in milliseconds; at least 1. @default 10_000 */
  readonly intervalMs?: number | undefined
  /** After how long a check has failed, in milliseconds; at least 1. @default 2_000 */
  readonly timeoutMs?: number | undefined
  /** After how many failures in a row an instance is unhealthy; at least 1. @default 3 */
  readonly unhealthyAfter?: number | undefined
  /** After how many successes in a row it is healthy again; at least 1. @default 2 */
  readonly healthyAfter?: number | undefined
  /** What an instance is before its first check. One that is unhealthy then is healthy after its first success. @default 'healthy' */
  readonly initially?: 'healthy' | 'unhealthy' | undefined
  /** By which share of itself an interval is longer or shorter by chance, from 0 to 1; so much of one is also waited before the first check. @default 0.1 */
  readonly jitterRatio?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
  /** Told when an instance becomes healthy or unhealthy. @default nothing */
  readonly onChange?: ((event: ProbeChangeEvent) => void) | undefined
}

/** An instance has become healthy or unhealthy. */
export interface ProbeChangeEvent {
  readonly instance: Instance
  readonly healthy: boolean
  /** What its last check failed with; undefined when it did not. */
  readonly error: Error | undefined
}

/**
 * Gives what begins to check an instance, and goes on until what it gives is disposed. An instance has one check at a time: one that ignores
 * the end of its context fails again at each interval until it comes to its end. Checks keep no process running by themselves.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function probe(options: ProbeOptions): (instance: Instance) => InstanceHealth {
  const settings = checked(options)
  return (instance) => new Probe(instance, settings)
}

type Checked = Omit<ProbeOptions, 'onChange'>
type Settings = { readonly [Option in keyof Checked]-?: NonNullable<Checked[Option]> } & Pick<ProbeOptions, 'onChange'>

const background = { background: true }

class Probe implements InstanceHealth {
  readonly #instance: Instance
  readonly #settings: Settings
  #healthy: boolean
  /** Whether it has been healthy or unhealthy by what a check said. */
  #isProven: boolean
  /** Checks in a row that said otherwise than `healthy`. */
  #against = 0
  #failures = 0
  #error: Error | undefined
  #listener: (() => void) | undefined
  #timer: Timer | undefined
  #stop: ((cause: Error) => void) | undefined
  /** Since when the check that is going on does; undefined while none is. */
  #checkingSince: number | undefined
  #isDisposed = false

  constructor(instance: Instance, settings: Settings) {
    this.#instance = instance
    this.#settings = settings
    this.#healthy = settings.initially === 'healthy'
    this.#isProven = this.#healthy
    this.#next(settings.intervalMs * settings.jitterRatio * settings.random())
  }

  get healthy(): boolean {
    return this.#healthy
  }

  onChange(listener: () => void): void {
    this.#listener = listener
  }

  describe(): string | undefined {
    if (this.#error !== undefined) {
      const times = this.#failures === 1 ? 'once' : `${this.#failures} times in a row`
      return `check failed ${times}: ${this.#error.message}`
    }
    if (this.#healthy) return undefined
    return this.#against === 0
      ? 'not checked yet'
      : `check succeeded ${this.#against} of ${this.#settings.healthyAfter} times`
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.cancel()
    this.#stop?.(new ServiceError('canceled', 'the instance is not checked any more'))
    this.#listener = undefined
  }

  #next(delayMs: number): void {
    this.#timer = this.#settings.clock.schedule(delayMs, () => void this.#check(), background)
  }

  async #check(): Promise<void> {
    const { clock, intervalMs, jitterRatio, random } = this.#settings
    const nextAt = clock.now() + intervalMs * (1 + jitterRatio * (2 * random() - 1))
    const error = await this.#failure()
    if (this.#isDisposed) return
    this.#judge(error)
    // A listener may have disposed it.
    if (!this.#isDisposed) this.#next(Math.max(0, nextAt - clock.now()))
  }

  /** What one check fails with. */
  async #failure(): Promise<Error | undefined> {
    const { clock, timeoutMs } = this.#settings
    const now = clock.now()
    if (this.#checkingSince !== undefined)
      return new Error(`a check has not ended for ${formatDuration(Math.round(now - this.#checkingSince))}`)
    const late = () => new ServiceError('deadline_exceeded', `no answer within ${formatDuration(timeoutMs)}`)
    using ctx = rootContext({ clock, deadlineAt: now + timeoutMs })
    const stopped = Promise.withResolvers<never>()
    this.#stop = stopped.reject
    this.#checkingSince = now
    try {
      const checked = Promise.race([this.#run(ctx), stopped.promise])
      await within(checked, { clock, limitMs: timeoutMs, late, background: true })
      return undefined
    } catch (thrown) {
      // Once the time is over that is what it failed with, whoever noticed it first.
      const error = ctx.aborted ? late() : errorOf(thrown)
      ctx.cancel(error)
      return error
    } finally {
      this.#stop = undefined
    }
  }

  async #run(ctx: Context): Promise<void> {
    try {
      await this.#settings.check(this.#instance, ctx)
    } finally {
      this.#checkingSince = undefined
    }
  }

  #judge(error: Error | undefined): void {
    const { unhealthyAfter, healthyAfter, onChange } = this.#settings
    const isWell = error === undefined
    this.#error = error
    this.#failures = isWell ? 0 : this.#failures + 1
    this.#against = isWell === this.#healthy ? 0 : this.#against + 1
    const enough = isWell ? (this.#isProven ? healthyAfter : 1) : unhealthyAfter
    if (this.#against < enough) return
    this.#against = 0
    this.#isProven = true
    this.#healthy = isWell
    this.#listener?.()
    tell(onChange, { instance: this.#instance, healthy: isWell, error })
  }
}

function checked(options: ProbeOptions): Settings {
  const { check, initially = 'healthy', clock = systemClock, random = systemRandom, onChange } = options
  if (typeof check !== 'function') throw new TypeError(`check must be a function, but is ${typeof check}`)
  if (initially !== 'healthy' && initially !== 'unhealthy')
    throw new TypeError("initially must be 'healthy' or 'unhealthy'")
  const time = { min: 1, max: 2 ** 31 - 1 }
  const count = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true }
  return {
    check,
    intervalMs: checkNumber('intervalMs', options.intervalMs ?? 10_000, time),
    timeoutMs: checkNumber('timeoutMs', options.timeoutMs ?? 2_000, time),
    unhealthyAfter: checkNumber('unhealthyAfter', options.unhealthyAfter ?? 3, count),
    healthyAfter: checkNumber('healthyAfter', options.healthyAfter ?? 2, count),
    initially,
    jitterRatio: checkNumber('jitterRatio', options.jitterRatio ?? 0.1, { min: 0, max: 1 }),
    clock,
    random,
    onChange,
  }
}
