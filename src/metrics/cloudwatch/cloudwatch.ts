// Amazon CloudWatch: metrics that are sent by its PutMetricData, through a client of the AWS SDK that the program has.
import { type Clock, systemClock } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { within } from '../../core/within.ts'
import { backoff } from '../../primitives/backoff.ts'
import { Catalog } from '../catalog.ts'
import type { CheckedSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { NameOwners } from '../name-owners.ts'
import { type Push, push } from '../push.ts'
import { type CloudWatchOptions, checkOptions } from './cloud-watch-options.ts'
import { CounterDatum } from './counter-datum.ts'
import type { DatumBase, DatumSeries } from './datum-series.ts'
import { deliver, type Put, putBy } from './deliver.ts'
import { checkCount, checkedDimensions, dimensionsOf, text } from './dimensions.ts'
import { GaugeDatum } from './gauge-datum.ts'
import { PendingData } from './pending-data.ts'
import { Statistics } from './statistics.ts'
import { unitOf } from './unit.ts'
import { ValueCounts } from './value-counts.ts'

export type { CloudWatchOptions } from './cloud-watch-options.ts'
export type { CloudWatchClientLike } from './deliver.ts'

/** How sending goes. */
export interface CloudWatchStats {
  /** How many data CloudWatch has taken. */
  readonly sent: number
  /** How many were lost: refused by CloudWatch, or too old to be kept. */
  readonly dropped: number
  /** How many wait because CloudWatch does not take them. */
  readonly pending: number
  /** What the last sending failed with; undefined when it did not. */
  readonly lastError: unknown
}

/** Metrics that are sent to CloudWatch. Disposing them sends what is left, within some seconds. */
export interface CloudWatch extends Metrics, AsyncDisposable {
  readonly stats: CloudWatchStats
  /** Sends what is there. Never rejects. */
  flush(): Promise<void>
}

/**
 * Sends metrics to CloudWatch at intervals. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * - Each interval of a counter is a datum of what was added in it: look at its `Sum`. A gauge is a datum an interval once it was set.
 * - A label is a dimension. What is not ASCII becomes `_`, as a value that is empty does, which CloudWatch refuses.
 * - What cannot be sent is kept with its time and sent later, once; a request of which nobody knows whether it arrived is sent again, as the client's own
 *   retries do. What CloudWatch refuses by itself is given up, and the others of its batch are not, as long as it takes any.
 * - A metric is refused whose name CloudWatch would take for that of another: `a_b` where there is `a:b`.
 */
export function cloudwatch(options: CloudWatchOptions): CloudWatch {
  return new CloudWatchMetrics(options)
}

const restOf = { initialMs: 1_000, multiplier: 2, maxMs: 300_000 }

class CloudWatchMetrics extends Catalog<DatumSeries> implements CloudWatch {
  readonly #clock: Clock
  readonly #pending: PendingData
  readonly #push: Push
  readonly #put: Put
  readonly #timeoutMs: number
  readonly #restMs: (failures: number) => number
  #request = new AbortController()
  #sent = 0
  #failures = 0
  /** CloudWatch is left alone until then: it has too much to do, or cannot be reached. */
  #restsUntil = -Infinity
  #closing: Promise<void> | undefined

  constructor(options: CloudWatchOptions) {
    const { timeoutMs, maxPendingData } = checkOptions(options)
    const { clock = systemClock, random, intervalMs = 60_000, jitterRatio, onError, onCardinalityExceeded } = options
    const ofAll = checkedDimensions(options.dimensions ?? {})
    const names = new NameOwners('CloudWatch')
    const base = (spec: CheckedSpec, isCounter: boolean) => {
      checkCount(spec, ofAll)
      const MetricName = text(spec.name.replaceAll(':', '_')).slice(0, 255)
      names.claim(spec.name, MetricName)
      const common = {
        MetricName,
        Unit: unitOf(spec.unit, isCounter),
        StorageResolution: options.highResolution === true ? 1 : 60,
      }
      return (values: readonly string[]): DatumBase => ({ ...common, Dimensions: dimensionsOf(spec, values, ofAll) })
    }
    const Distribution = options.distributions === 'statistics' ? Statistics : ValueCounts
    const distribution = (spec: CheckedSpec) => {
      const of = base(spec, false)
      return (values: readonly string[]) => new Distribution(of(values))
    }
    super(
      {
        counter: (spec) => {
          const of = base(spec, true)
          return (values) => new CounterDatum(of(values))
        },
        gauge: (spec) => {
          const of = base(spec, false)
          return (values) => new GaugeDatum(of(values))
        },
        histogram: distribution,
        summary: distribution,
      },
      // What was counted before must not be missing in sums over all series.
      { onCardinalityExceeded, onDelete: (series) => this.#pending.add(series.take(this.#now())) },
    )
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#pending = new PendingData(maxPendingData)
    this.#restMs = backoff({ ...restOf, random })
    this.#put = putBy(options.client, options.namespace, () => this.#request.signal)
    this.#push = push(() => this.#send(), { intervalMs, jitterRatio, timeoutMs: 2 ** 30, clock, random, onError })
  }

  get stats(): CloudWatchStats {
    const { dropped, length } = this.#pending
    return { sent: this.#sent, dropped, pending: length, lastError: this.#push.lastError }
  }

  async flush(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    this.#restsUntil = -Infinity
    await this.#push.flush()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#restsUntil = -Infinity
    await this.#push[Symbol.asyncDispose]()
    this.#pending.clear()
  }

  #now(): Date {
    return new Date(this.#clock.wallNow())
  }

  /** Throws what the last request failed with. */
  async #send(): Promise<void> {
    const at = this.#now()
    for (const { series } of this.collect()) for (const one of series) this.#pending.add(one.take(at))
    if (this.#clock.now() < this.#restsUntil) throw this.#push.lastError
    let refusal: unknown
    for (let batch = this.#pending.batch(); batch.length > 0; batch = this.#pending.batch()) {
      const { sent, refused, rest, error } = await deliver((data) => this.#limited(data), batch)
      this.#sent += sent
      this.#pending.keep(rest, refused)
      refusal ??= error
      if (rest.length > 0) {
        this.#restsUntil = this.#clock.now() + this.#restMs(this.#failures++)
        throw error
      }
    }
    this.#failures = 0
    if (refusal !== undefined) throw refusal
  }

  async #limited(data: Parameters<Put>[0]): Promise<void> {
    const limitMs = this.#timeoutMs
    const late = () => new Error(`CloudWatch did not answer within ${formatDuration(limitMs)}`)
    try {
      await within(this.#put(data), { clock: this.#clock, limitMs, late, background: true })
    } catch (thrown) {
      this.#request.abort(thrown)
      this.#request = new AbortController()
      throw thrown
    }
  }
}
