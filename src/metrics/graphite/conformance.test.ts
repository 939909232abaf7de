// The conformance suite of metrics backends over the lines of Graphite, as carbon keeps them: of each series the last value.
import { describe, it } from 'node:test'
import { ScriptedChannel } from '../../../test/platform/scripted-channel.ts'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { MetricSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { GraphiteMetrics } from './graphite.ts'
import { type GraphiteNames, pathNames, taggedNames } from './graphite-names.ts'

/** Takes all at once, says so a little later, and keeps the last line of each series. */
class Carbon extends ScriptedChannel {
  readonly known = new Map<string, number>()
  #rest = ''

  override send(chunk: Uint8Array): boolean {
    const lines = (this.#rest + new TextDecoder().decode(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const [series = '', value, ...time] = line.split(/\s/)
      if (time.length !== 1) throw new Error(`carbon cannot read ${JSON.stringify(line)}`)
      this.known.set(series, Number(value))
    }
    queueMicrotask(() => this.answer(undefined, 1))
    return true
  }
}

/** The names of metrics, and of their labels: a path does not say which of its parts is which. */
type Made = Map<string, readonly string[]>

function sampleOf(series: string, value: number, made: Made): Sample {
  const [path = '', ...tags] = series.split(';')
  const name = [...made.keys()].find((known) => path === known || path.startsWith(`${known}.`)) ?? path
  const parts = path.slice(name.length + 1).split('.')
  const names = tags.length > 0 ? [] : (made.get(name) ?? [])
  const own = names.map((label, index) => [label, parts[index] ?? ''] as const)
  const tagged = tags.map((tag) => tag.split(/=(.*)/s, 2) as [string, string])
  const field = (parts.slice(names.length).join('.') || 'value') as Sample['field']
  return { name, labels: Object.fromEntries([...own, ...tagged]), field, value }
}

/** Metrics that remember what was made of them. */
function remembered(metrics: Metrics, made: Made): Metrics {
  const remember =
    (kind: 'counter' | 'gauge' | 'histogram' | 'summary') =>
    (spec: MetricSpec<string>): never => {
      const measured = metrics[kind](spec)
      made.set(spec.name, spec.labels ?? [])
      return measured as never
    }
  return {
    counter: remember('counter'),
    gauge: remember('gauge'),
    histogram: remember('histogram'),
    summary: remember('summary'),
    onCollect: (read) => metrics.onCollect(read),
    flush: () => metrics.flush?.() ?? Promise.resolve(),
  }
}

function harness(names: GraphiteNames, more?: Omit<MetricsHarness, 'open'>): MetricsHarness {
  return {
    ...more,
    async open() {
      const clock = manualClock()
      const carbon = new Carbon(false)
      const metrics = new GraphiteMetrics({ clock, onCardinalityExceeded: () => {} }, names, () => carbon)
      const made: Made = new Map()
      const known = () => Array.from(carbon.known, ([series, value]) => sampleOf(series, value, made))
      const close = async () => {
        await metrics[Symbol.asyncDispose]()
        return known()
      }
      return {
        metrics: remembered(metrics, made),
        collect: async () => {
          await metrics.flush()
          return known()
        },
        close,
        pass: (ms) => clock.advance(ms),
        [Symbol.asyncDispose]: async () => void (await close()),
      }
    },
  }
}

for (const [name, names, begin] of [
  ['tags', taggedNames('', {}), ';a='],
  ['paths', pathNames(''), '.'],
] as const) {
  const labelText = (text: string) => names.series({ labels: ['a'] } as never, [text]).slice(begin.length)
  describe(`graphite, with ${name}`, () => {
    for (const { name, run } of metricsCases) it(name, () => run(harness(names, { labelText })))
  })
}
