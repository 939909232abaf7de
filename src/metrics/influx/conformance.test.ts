// The conformance suite of metrics backends over the points of InfluxDB, whose fields are added up but for gauges and quantiles.
import { describe, it } from 'node:test'
import { InfluxReceiver, type Point } from '../../../test/platform/influx-receiver.ts'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { influx } from './influx.ts'
import { tagText } from './tag-text.ts'

const gauges = new Set(['level', 'in_flight', 'temperature', 'before', 'after', 'last'])

/** What the points come to. */
function samplesOf(points: readonly Point[]): Sample[] {
  const samples = new Map<string, Sample>()
  const names = new Map<string, Set<string>>()
  for (const { measurement, tags } of points)
    names.set(measurement, new Set([...(names.get(measurement) ?? []), ...Object.keys(tags)]))
  for (const { measurement: name, tags, fields } of points) {
    // One that is not there is one with an empty value.
    const labels = Object.fromEntries(Array.from(names.get(name) ?? [], (label) => [label, tags[label] ?? '']))
    for (const [field, value] of Object.entries(fields)) {
      const key = JSON.stringify([name, Object.entries(labels), field])
      const isLast = field.startsWith('p') || gauges.has(name)
      const before = isLast ? 0 : (samples.get(key)?.value ?? 0)
      samples.set(key, { name, labels, field: field as Sample['field'], value: before + value })
    }
  }
  return [...samples.values()]
}

const harness: MetricsHarness = {
  async open() {
    const clock = manualClock()
    const receiver = await InfluxReceiver.open()
    const metrics = influx({
      url: receiver.url,
      database: 'test',
      clock,
      // A request takes its time, whatever the clock says.
      intervalMs: 3_600_000,
      onCardinalityExceeded: () => {},
    })
    const collect = async () => {
      await metrics.flush()
      return samplesOf(receiver.points)
    }
    const close = async () => {
      await metrics[Symbol.asyncDispose]()
      return samplesOf(receiver.points)
    }
    return {
      metrics,
      collect,
      close,
      pass: (ms) => clock.advance(ms),
      async [Symbol.asyncDispose]() {
        await close()
        await receiver[Symbol.asyncDispose]()
      },
    }
  },
  labelText: (text) => tagText(text).replaceAll(/\\([, =])/g, '$1'),
}

describe('influx', () => {
  for (const { name, run } of metricsCases) it(name, () => run(harness))
})
