// Metrics that are kept in memory and sent at intervals: what backends share whose receivers do not come and ask.
import { type Clock, systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { ServiceError } from '../core/errors.ts'
import { checkNumber } from '../primitives/check.ts'
import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram, HistogramSpec } from './histogram.ts'
import type { Measured } from './labelled.ts'
import type { MetricSpec } from './metric-spec.ts'
import type { Metrics } from './metrics.ts'
import { type Push, type PushOptions, push } from './push.ts'
import type { Summary, SummarySpec } from './summary.ts'

/** One sending. */
export interface Sending {
  /** Aborted once it has taken `timeoutMs`: it has failed then, and must end. */
  readonly signal: AbortSignal
  /** Nothing is sent after this. */
  readonly isLast: boolean
}

/** Where metrics are sent. Only `send` may reject or throw: it says that what was sent has not arrived, or may not have. */
export interface Destination {
  /** Sends what there is. Never called twice at once. */
  send(sending: Sending): Promise<void> | void
  /** Waits, within a limit of its own, for what `send` has handed to others. @default nothing */
  flush?(): Promise<void>
  /** Lets go of sockets, within a limit of its own; after the last sending. @default nothing */
  close?(): Promise<void>
}

/** How often metrics are sent. */
export interface PushedOptions extends Omit<PushOptions, 'timeoutMs'> {
  /** How long one sending may take, in milliseconds; that at the end too. @default 5_000 */
  readonly timeoutMs?: number | undefined
}

/** How much longer than its time a sending is waited for: by then it has heard that it is over. */
const graceMs = 1_000

/**
 * Metrics made by another one, as a registry, that are sent at intervals, at a flush and at the end. Closing waits for a sending that is under way, sends the last time,
 * and closes the destination; after that all that is measured is for nobody. Intervals do not hold the process; whoever waits for `flush` or for the end does.
 */
export class PushedMetrics<To extends Destination = Destination> implements Metrics, AsyncDisposable {
  readonly destination: To
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #push: Push
  #isLast = false
  #closing: Promise<void> | undefined

  /** Throws a RangeError for an option out of its range, before it opens the destination. */
  constructor(metrics: Metrics, open: () => To, options: PushedOptions = {}) {
    const { clock = systemClock } = options
    const timeoutMs = checkNumber('timeoutMs', options.timeoutMs ?? 5_000, { min: 1, max: 2 ** 29 })
    this.#push = push(() => this.#send(), { ...options, timeoutMs: timeoutMs + graceMs })
    this.#metrics = metrics
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.destination = open()
  }

  /** What the last sending failed with; undefined when it did not. */
  get lastError(): unknown {
    return this.#push.lastError
  }

  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L> {
    return this.#metrics.counter(spec)
  }

  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L> {
    return this.#metrics.gauge(spec)
  }

  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L> {
    return this.#metrics.histogram(spec)
  }

  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L> {
    return this.#metrics.summary(spec)
  }

  onCollect(read: () => void): Disposable {
    return this.#metrics.onCollect(read)
  }

  /** Sends now. One that is under way is waited for, and then another one is sent. Never rejects: `lastError` says whether it failed. */
  flush(): Promise<void> {
    return this.#closing ?? this.#held(() => this.#flush())
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#held(() => this.#close())
    return this.#closing
  }

  async #flush(): Promise<void> {
    await this.#push.flush()
    await this.destination.flush?.()
  }

  async #close(): Promise<void> {
    this.#isLast = true
    await this.#push[Symbol.asyncDispose]()
    await this.destination.flush?.()
    await this.destination.close?.()
  }

  async #send(): Promise<void> {
    const controller = new AbortController()
    const late = `what was sent was not taken within ${formatDuration(this.#timeoutMs)}`
    const end = () => controller.abort(new ServiceError('deadline_exceeded', late))
    const timer = this.#clock.schedule(this.#timeoutMs, end, { background: true })
    try {
      await this.destination.send({ signal: controller.signal, isLast: this.#isLast })
    } finally {
      timer.cancel()
    }
  }

  /** Sockets of background work do not hold the process, which must not end while somebody waits for them. */
  async #held(wait: () => Promise<void>): Promise<void> {
    const hold = () => {
      timer = this.#clock.schedule(this.#timeoutMs, hold)
    }
    let timer = this.#clock.schedule(this.#timeoutMs, hold)
    try {
      await wait()
    } finally {
      timer.cancel()
    }
  }
}
