// What a reader of OpenTelemetry's SDK collects, as samples: the total where it was collected as differences.
import {
  AggregationTemporality,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics'
import { bucketQuantile } from '../../src/metrics/quantile.ts'
import type { Sample } from '../../src/testing/conformance/metrics.ts'

/** A reader that only a test asks. */
export class TestReader extends MetricReader {
  constructor(temporality: AggregationTemporality = AggregationTemporality.CUMULATIVE) {
    super({ aggregationTemporalitySelector: () => temporality })
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  /** All metrics of a collection, which must not have failed. */
  async metrics(): Promise<readonly MetricData[]> {
    const { resourceMetrics, errors } = await this.collect()
    if (errors.length > 0) throw new AggregateError(errors)
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  }
}

/** Keeps what was collected. */
export class CollectedSamples {
  readonly #samples = new Map<string, Sample>()

  /** Takes a collection: what is no gauge is added up where it says what was added. */
  take(metrics: readonly MetricData[]): readonly Sample[] {
    for (const metric of metrics) {
      const { name } = metric.descriptor
      const isDelta = metric.aggregationTemporality === AggregationTemporality.DELTA
      for (const { attributes, value } of metric.dataPoints) {
        const labels = attributes as Readonly<Record<string, string>>
        const put = (field: Sample['field'], number: number, isAdded = isDelta) => {
          const key = JSON.stringify([name, Object.entries(labels).sort(), field])
          const before = isAdded ? (this.#samples.get(key)?.value ?? 0) : 0
          this.#samples.set(key, { name, labels, field, value: before + number })
        }
        if (typeof value === 'number') {
          put('value', value, isDelta && metric.dataPointType === DataPointType.SUM)
          continue
        }
        put('count', value.count)
        put('sum', value.sum ?? NaN)
        for (const percent of [50, 90, 95, 99]) put(`p${percent}`, quantileOf(value, percent / 100), false)
      }
    }
    return [...this.#samples.values()]
  }
}

function quantileOf(value: Histogram | ExponentialHistogram, quantile: number): number {
  if ('buckets' in value) return bucketQuantile(quantile, value.buckets.boundaries, value.buckets.counts)
  const base = 2 ** (2 ** -value.scale)
  let left = quantile * value.count - value.zeroCount
  if (left <= 0) return 0
  const { offset, bucketCounts } = value.positive
  const index = bucketCounts.findIndex((count) => {
    left -= count
    return left <= 0
  })
  // The middle of the bucket.
  return base ** (offset + index + 0.5)
}
