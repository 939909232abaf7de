// Conformance of a metrics backend: what histograms and summaries say of how values are spread.
import type { Metrics } from '../../metrics/metrics.ts'
import { seededRandom } from '../../primitives/random.ts'
import {
  type MetricsCase,
  type MetricsHarness,
  near,
  type OpenBackend,
  type Sample,
  soleValue,
} from './metrics-harness.ts'

interface Observer {
  observe(value: number): void
}

/** The two kinds, as the cases make them. */
const kinds: readonly { readonly kind: string; make(metrics: Metrics, buckets: readonly number[]): Observer }[] = [
  { kind: 'histogram', make: (metrics, buckets) => metrics.histogram({ name: 'took', buckets }) },
  { kind: 'summary', make: (metrics) => metrics.summary({ name: 'took', quantiles: [0.5, 0.9, 0.95, 0.99] }) },
]

/** A bell around 500, three quarters of it within 30: that of Go kit's suite. */
function normalSamples(): number[] {
  const random = seededRandom('normal')
  // The method of Box and Muller.
  return Array.from({ length: 12_345 }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    return 500 + 25 * radius * Math.cos(2 * Math.PI * random())
  })
}

const fine = Array.from({ length: 81 }, (_, index) => 400 + index * 2.5)

function looksLike(harness: MetricsHarness, samples: readonly Sample[], values: readonly number[]): void {
  near(soleValue(samples, 'took', 'count'), values.length, 'the count')
  if (!harness.without?.includes('sums')) {
    const sum = values.reduce((total, value) => total + value, 0)
    near(soleValue(samples, 'took', 'sum'), sum, 'the sum')
  }
}

async function open(harness: MetricsHarness, make: (metrics: Metrics) => Observer) {
  const backend: OpenBackend = await harness.open()
  return { backend, observer: make(backend.metrics) }
}

/** Histograms and summaries without labels. */
export const metricSpreadCases: readonly MetricsCase[] = kinds.flatMap(({ kind, make }) => [
  {
    name: `gives count, sum and quantiles of what a ${kind} was shown`,
    async run(harness: MetricsHarness) {
      const { backend, observer } = await open(harness, (metrics) => make(metrics, fine))
      await using _open = backend
      const values = normalSamples()
      for (const value of values) observer.observe(value)
      const samples = await backend.collect()
      looksLike(harness, samples, values)
      if (harness.without?.includes('quantiles')) return
      const sorted = values.toSorted((a, b) => a - b)
      for (const percent of [50, 90, 95, 99] as const) {
        const truly = sorted[Math.floor((percent / 100) * sorted.length)] ?? NaN
        near(soleValue(samples, 'took', `p${percent}`), truly, `p${percent}`, 0.015)
      }
    },
  },
  {
    name: `adds up count and sum of a ${kind}, whenever it is collected`,
    async run(harness: MetricsHarness) {
      const { backend, observer } = await open(harness, (metrics) => make(metrics, [1, 10]))
      await using _open = backend
      const values: number[] = []
      for (const next of [[0.5], [1, 2, 20], [], [5]]) {
        for (const value of next) observer.observe(value)
        values.push(...next)
        const samples = await backend.collect()
        if (values.length > 0) looksLike(harness, samples, values)
      }
    },
  },
  {
    name: `takes zero and less into a ${kind}, and leaves out what is not finite`,
    async run(harness: MetricsHarness) {
      const { backend, observer } = await open(harness, (metrics) => make(metrics, [-1, 0, 1]))
      await using _open = backend
      for (const value of [-5, 0, NaN, 2, Infinity, -Infinity]) observer.observe(value)
      looksLike(harness, await backend.collect(), harness.without?.includes('negatives') ? [0, 2] : [-5, 0, 2])
    },
  },
])
