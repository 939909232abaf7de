// What the rows about counters and histograms share: labels as a service has them, and OpenTelemetry's SDK made ready.
import type { Meter } from '@opentelemetry/api'
import { MeterProvider, MetricReader, type ViewOptions } from '@opentelemetry/sdk-metrics'

/** The labels of one series; whoever can bind them does so once. */
export const labels = { method: 'sum', code: 'ok' }
export const labelNames = ['method', 'code'] as const

/** Latencies in seconds. */
export const buckets: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20,
]

/** Does nothing but be there: without a reader the SDK would keep nothing. */
class IdleReader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** Has nothing that binds labels. */
export function openTelemetry(...views: readonly ViewOptions[]): Meter {
  return new MeterProvider({ readers: [new IdleReader()], views: [...views] }).getMeter('bench')
}
