// The conformance suite of metrics backends over the lines of Influx StatsD, as Telegraf reads them.
import { describe, it } from 'node:test'
import { dialectHarness, readTelegraf } from '../../../test/platform/dialect-harness.ts'
import { metricsCases } from '../../testing/conformance/metrics.ts'
import { StatsdMetrics } from '../statsd/statsd-metrics.ts'
import { influxStatsdFormat, valueText } from './influx-statsd-format.ts'

const harness = dialectHarness({
  open: (channel, clock) =>
    new StatsdMetrics(
      { clock, onCardinalityExceeded: () => {} },
      influxStatsdFormat({ prefix: '', tags: { env: 'prod', tier: 'ä' } }),
      () => channel,
    ),
  read: readTelegraf,
  signAdds: true,
  labelText: valueText,
})

describe('influxStatsd', () => {
  for (const { name, run } of metricsCases) it(name, () => run(harness))
})
