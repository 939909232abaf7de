// The row about the page: what one scrape of 10,000 series costs, as the bytes that are sent.
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { timed } from '../harness/timed.ts'
import { buckets } from './peers.ts'

const help = 'What it counts, in one sentence.'
const counterNames = Array.from({ length: 10 }, (_, i) => `service_${i}_calls_total`)
const histogramName = 'service_took_seconds'
const labelNames = ['method', 'route', 'code'] as const

/** Five thousand series in ten counters; and a histogram of 18 series for each of its label sets makes five thousand more. */
const counted = Array.from({ length: 500 }, (_, i) => labelsOf(i))
const observed = Array.from({ length: 278 }, (_, i) => labelsOf(i))
/** Of each counter and of the histogram, in each of the label sets: some are zero, some have many digits. */
const amount = (i: number): number => (i * i * 37) % 100_003
/** What changes from one page to the next: one counter in a hundred. */
const changing = counted.filter((_, i) => i % 100 === 0)

const encoder = new TextEncoder()

function labelsOf(i: number) {
  return { method: i % 2 === 0 ? 'GET' : 'POST', route: `/things/:id/parts/${i >> 1}`, code: 'ok' }
}

/** The same for both clients: their types differ in what is not used here. */
function clientPage({ Registry, Counter, Histogram }: typeof promClient): () => Promise<Uint8Array> {
  const register = new Registry()
  const registers = [register]
  const counters = counterNames.map((name) => new Counter({ name, help, labelNames, registers }))
  for (const counter of counters) for (const [i, labels] of counted.entries()) counter.inc(labels, amount(i))
  const histogram = new Histogram({ name: histogramName, help, labelNames, registers, buckets: [...buckets] })
  for (const [i, labels] of observed.entries()) {
    for (const bound of buckets) histogram.observe(labels, bound * ((i % 7) + 0.5))
  }
  const bound = counters.flatMap((counter) => changing.map((labels) => counter.labels(labels)))
  return async () => {
    for (const child of bound) child.inc()
    return encoder.encode(await register.metrics())
  }
}

export const exposition = timed('exposition', {
  rounds: 21,
  ours: {
    prepare() {
      const metrics = prometheus()
      const counters = counterNames.map((name) => metrics.counter({ name, help, labels: labelNames }))
      for (const counter of counters) for (const [i, labels] of counted.entries()) counter.with(labels).add(amount(i))
      const histogram = metrics.histogram({ name: histogramName, help, labels: labelNames, buckets })
      for (const [i, labels] of observed.entries()) {
        for (const bound of buckets) histogram.with(labels).observe(bound * ((i % 7) + 0.5))
      }
      const bound = counters.flatMap((counter) => changing.map((labels) => counter.with(labels)))
      return () => {
        for (const child of bound) child.add()
        return encoder.encode(metrics.text())
      }
    },
  },
  peers: [
    { name: 'prom-client', bar: 3, prepare: () => clientPage(promClient) },
    { name: '@prometheus-io/client', prepare: () => clientPage(official as never) },
  ],
})
