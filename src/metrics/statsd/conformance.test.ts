// The conformance suite of metrics backends over the lines of StatsD, as a receiver adds them up.
import { describe, it } from 'node:test'
import { ScriptedChannel } from '../../../test/platform/scripted-channel.ts'
import { StatsdTotals } from '../../../test/platform/statsd-totals.ts'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { MetricSpec } from '../metric-spec.ts'
import { statsdFormat } from './statsd-format.ts'
import { StatsdMetrics } from './statsd-metrics.ts'

/** Takes all at once, and says so a little later, as sockets do. */
class WillingChannel extends ScriptedChannel {
  readonly totals: StatsdTotals = new StatsdTotals()

  override send(chunk: Uint8Array): boolean {
    this.totals.take(new TextDecoder().decode(chunk))
    queueMicrotask(() => this.answer(undefined, 1))
    return true
  }
}

/** What the receiver knows. Which part of a name is which label is taken from the specs: the lines do not say it. */
function samplesOf(
  { counters, gauges, timers }: StatsdTotals,
  specs: ReadonlyMap<string, MetricSpec<string>>,
): Sample[] {
  const named = (key: string): Pick<Sample, 'name' | 'labels'> => {
    const [name = '', ...values] = key.split('.')
    const names = specs.get(name)?.labels ?? []
    return { name, labels: Object.fromEntries(names.map((label, index) => [label, values[index] ?? ''])) }
  }
  return [
    ...Array.from([...counters, ...gauges], ([key, value]): Sample => ({ ...named(key), field: 'value', value })),
    ...Array.from(timers).flatMap(([key, { values, count }]): Sample[] => {
      const sorted = values.toSorted((a, b) => a - b)
      return [
        { ...named(key), field: 'count', value: count },
        { ...named(key), field: 'sum', value: values.reduce((sum, value) => sum + value, 0) },
        ...[50, 90, 95, 99].map((percent): Sample => {
          const value = sorted[Math.floor((percent / 100) * sorted.length)] ?? NaN
          return { ...named(key), field: `p${percent}`, value }
        }),
      ]
    }),
  ]
}

const harness: MetricsHarness = {
  async open() {
    const clock = manualClock()
    const channel = new WillingChannel(true)
    const specs = new Map<string, MetricSpec<string>>()
    const sent = new StatsdMetrics({ clock, onCardinalityExceeded: () => {} }, statsdFormat(''), () => channel)
    const metrics = new Proxy(sent, {
      get: (_, member) => {
        const method: unknown = Reflect.get(sent, member)
        if (typeof method !== 'function') return method
        return (given: unknown) => {
          const made = method.call(sent, given)
          if (member !== 'onCollect' && given !== undefined)
            specs.set((given as MetricSpec<string>).name, given as MetricSpec<string>)
          return made
        }
      },
    })
    const known = () => samplesOf(channel.totals, specs)
    const close = async () => {
      await sent[Symbol.asyncDispose]()
      return known()
    }
    return {
      metrics,
      collect: async () => {
        await sent.flush()
        return known()
      },
      close,
      pass: (ms) => clock.advance(ms),
      [Symbol.asyncDispose]: async () => void (await close()),
    }
  },
  labelText: (text) =>
    statsdFormat('')
      .counter({ name: '' } as never, [text])
      .before.slice(1, -1),
}

describe('statsd', () => {
  for (const { name, run } of metricsCases) it(name, () => run(harness))
})
