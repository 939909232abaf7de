// The conformance suite of metrics backends over OpenTelemetry: what readers of the real SDK collect, as totals and as differences.
import { describe, it } from 'node:test'
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MeterProvider,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics'
import { CollectedSamples, TestReader } from '../../../test/platform/otel-samples.ts'
import { type MetricsHarness, metricsCases } from '../../testing/conformance/metrics.ts'
import { otelMetrics } from './otel-metrics.ts'

const exponential: ViewOptions = {
  instrumentType: InstrumentType.HISTOGRAM,
  aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
}

function harness(temporality: AggregationTemporality, views: ViewOptions[]): MetricsHarness {
  return {
    // The buckets of a summary are those of the SDK where no view has others, and quantiles of what was added last are none of all.
    without:
      views.length > 0 && temporality === AggregationTemporality.CUMULATIVE
        ? ['negatives']
        : ['negatives', 'quantiles'],
    async open() {
      const reader = new TestReader(temporality)
      const provider = new MeterProvider({ readers: [reader], views })
      const metrics = otelMetrics(provider.getMeter('test'), {
        flush: () => provider.forceFlush(),
        onCardinalityExceeded() {},
      })
      const samples = new CollectedSamples()
      const collect = async () => {
        // A gauge that is made while it collects is in the next collection.
        samples.take(await reader.metrics())
        return samples.take(await reader.metrics())
      }
      return {
        metrics,
        collect,
        async close() {
          const last = await collect()
          await provider.shutdown()
          return last
        },
        [Symbol.asyncDispose]: async () => provider.shutdown().catch(() => {}),
      }
    },
  }
}

const { CUMULATIVE, DELTA } = AggregationTemporality
for (const [name, own] of Object.entries({
  'with explicit buckets': harness(CUMULATIVE, []),
  'with exponential histograms': harness(CUMULATIVE, [exponential]),
  'as differences': harness(DELTA, []),
})) {
  describe(`metrics of OpenTelemetry ${name}`, () => {
    for (const each of metricsCases) it(each.name, () => each.run(own))
  })
}
