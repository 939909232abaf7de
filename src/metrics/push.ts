// Push: sends metrics at intervals, to receivers that do not come and ask.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { tell } from '../core/tell.ts'
import { within } from '../core/within.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'

/** How often something is sent. */
export interface PushOptions {
  /** How long from one start to the next, in milliseconds; Infinity sends only when it is told to, and at the end. @default 10_000 */
  readonly intervalMs?: number | undefined
  /** By how much of itself an interval is longer or shorter, by chance, so that a fleet does not send all at once. @default 0.1 */
  readonly jitterRatio?: number | undefined
  /** How long one sending may take, in milliseconds: then it has failed, whatever becomes of it, and the next one may begin. @default 30_000 */
  readonly timeoutMs?: number | undefined
  /** Told of each failure. @default nothing: `lastError` has it */
  readonly onError?: ((event: PushFailed) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/** A push failed; the next one comes as ever. */
export interface PushFailed {
  readonly error: unknown
  /** How many have failed in a row, this one included. */
  readonly failures: number
}

/** Sends at intervals until it is disposed, which sends what is left. */
export interface Push extends AsyncDisposable {
  /** What the last push failed with; undefined when it did not. */
  readonly lastError: unknown
  /** Sends now. One that is under way is waited for, and then another one is sent. Never rejects. */
  flush(): Promise<void>
}

/**
 * Calls `send` at intervals, never twice at once, starting one interval from now; it does not hold the process. An interval that passes while
 * `send` is still busy is left out. Throws a RangeError for an option out of its range.
 */
export function push(send: () => Promise<void> | void, options?: PushOptions): Push {
  return new PushLoop(send, options)
}

class PushLoop implements Push {
  readonly #send: () => Promise<void> | void
  readonly #intervalMs: number
  readonly #jitterRatio: number
  readonly #timeoutMs: number
  readonly #onError: ((event: PushFailed) => void) | undefined
  readonly #clock: Clock
  readonly #random: Random
  #lastError: unknown
  #failures = 0
  #timer: Timer | undefined
  /** The push that is under way. */
  #pushing: Promise<void> | undefined
  /** The push that follows it, for all who asked meanwhile. */
  #next: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(send: () => Promise<void> | void, options?: PushOptions) {
    this.#send = send
    // The longest that the runtime's timers can be set for.
    const intervalMs = options?.intervalMs ?? 10_000
    this.#intervalMs =
      intervalMs === Infinity ? Infinity : checkNumber('intervalMs', intervalMs, { min: 10, max: 2 ** 30 })
    this.#jitterRatio = checkNumber('jitterRatio', options?.jitterRatio ?? 0.1, { min: 0, max: 1 })
    this.#timeoutMs = checkNumber('timeoutMs', options?.timeoutMs ?? 30_000, { min: 1, max: 2 ** 30 })
    this.#onError = options?.onError
    this.#clock = options?.clock ?? systemClock
    this.#random = options?.random ?? systemRandom
    this.#schedule()
  }

  get lastError(): unknown {
    return this.#lastError
  }

  flush(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    if (this.#pushing === undefined) return this.#push()
    this.#next = this.#pushing.then(() => {
      this.#next = undefined
      return this.#push()
    })
    return this.#next
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel()
    this.#closing ??= this.flush()
    return this.#closing
  }

  #schedule(): void {
    if (this.#intervalMs === Infinity) return
    const delayMs = this.#intervalMs * (1 + this.#jitterRatio * (2 * this.#random() - 1))
    this.#timer = this.#clock.schedule(delayMs, () => this.#onInterval(), { background: true })
  }

  #onInterval(): void {
    this.#schedule()
    if (this.#pushing === undefined) this.#push()
  }

  #push(): Promise<void> {
    const pushed = this.#try().finally(() => {
      this.#pushing = undefined
    })
    this.#pushing = pushed
    return pushed
  }

  #limited(sending: Promise<void>): Promise<void> {
    const limitMs = this.#timeoutMs
    const late = () => new Error(`what was sent was not taken within ${formatDuration(limitMs)}`)
    return within(sending, { clock: this.#clock, limitMs, late, background: true })
  }

  async #try(): Promise<void> {
    try {
      const sending = this.#send()
      if (sending instanceof Promise) await this.#limited(sending)
      this.#lastError = undefined
      this.#failures = 0
    } catch (error) {
      this.#lastError = error
      this.#failures++
      tell(this.#onError, { error, failures: this.#failures })
    }
  }
}
