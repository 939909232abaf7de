// The conformance suite of metrics backends over the page of variables, as one who reads it would see them.
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { type MetricFamily, registry } from '../registry.ts'
import { expvar } from './expvar.ts'

type Page = Readonly<Record<string, unknown>>

const isField = /^(?:count|sum|p\d+)$/

/** The numbers below a name. Only the kind and the labels of the metric are taken from the registry: the page does not say them. */
function samplesOf(page: Page, { kind, spec }: MetricFamily): Sample[] {
  const isNumber = kind === 'counter' || kind === 'gauge'
  const walk = (variable: unknown, labels: Readonly<Record<string, string>>): Sample[] =>
    Object.entries(variable as Page).flatMap(([key, below]) => {
      if (Object.keys(labels).length === spec.labels.length)
        return [{ name: spec.name, labels, field: key as Sample['field'], value: Number(below ?? NaN) }]
      const [label = '', ...value] = key.split('=')
      const inner = { ...labels, [label]: value.join('=') }
      const isLast = Object.keys(inner).length === spec.labels.length
      return walk(isLast && isNumber ? { value: below } : below, inner)
    })
  if (spec.labels.length > 0) return walk(page[spec.name], {})
  if (isNumber) return walk({ value: page[spec.name] }, {})
  const prefix = `${spec.name}.`
  const fields = Object.entries(page).filter(
    ([name]) => name.startsWith(prefix) && isField.test(name.slice(prefix.length)),
  )
  return walk(Object.fromEntries(fields.map(([name, value]) => [name.slice(prefix.length), value])), {})
}

const harness: MetricsHarness = {
  async open() {
    const metrics = registry({ onCardinalityExceeded: () => {} })
    const handler = expvar(metrics)
    const collect = async () => {
      const response = await handler(new Request('http://localhost/debug/vars'), rootContext())
      const page = JSON.parse(await response.text())
      // To collect would call those who read on collection once more.
      const families: MetricFamily[] = []
      metrics
        .onRegister(({ kind, spec }) => void families.push({ kind, spec, series: [] } as MetricFamily))
        [Symbol.dispose]()
      return families.flatMap((family) => samplesOf(page, family))
    }
    return { metrics, collect, close: collect, [Symbol.asyncDispose]: async () => {} }
  },
}

describe('expvar', () => {
  for (const { name, run } of metricsCases) it(name, () => run(harness))
})
