// Conformance of a metrics backend: a day in the life of a service, with thousands of measurements, and the sums at its end.
import { type Random, seededRandom } from '../../primitives/random.ts'
import { type MetricsCase, near, type OpenBackend, seenLabels, soleValue, totalOf } from './metrics-harness.ts'

const dayMs = 24 * 3_600_000
const stepMs = 300_000
const methods = ['get', 'put', 'list']
const codes = ['ok', 'not_found', 'internal']

/** What the receiver should know in the end. */
interface Truth {
  readonly calls: Map<string, number>
  readonly took: Map<string, { count: number; sum: number }>
  waited: number
  inFlight: number
  temperature: number
}

/** The metrics of the service, and what they have measured. */
function service({ metrics }: OpenBackend, random: Random) {
  const calls = metrics.counter({ name: 'calls', labels: ['method', 'code'] })
  const took = metrics.histogram({ name: 'took', labels: ['method'], buckets: [0.01, 0.1, 1] })
  const waited = metrics.summary({ name: 'waited' })
  const inFlight = metrics.gauge({ name: 'in_flight' })
  const temperature = metrics.gauge({ name: 'temperature' })
  const truth: Truth = { calls: new Map(), took: new Map(), waited: 0, inFlight: 0, temperature: 0 }
  const one = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? ''
  // Multiples of an eighth add up without error, in whatever order.
  const amount = (most: number) => Math.ceil(random() * most * 8) / 8

  const call = () => {
    const [method, code] = [one(methods), one(codes)]
    const times = amount(3)
    calls.with({ code, method }).add(times)
    truth.calls.set(`${method} ${code}`, (truth.calls.get(`${method} ${code}`) ?? 0) + times)
    const seconds = amount(2)
    took.with({ method }).observe(seconds)
    const known = truth.took.get(method) ?? { count: 0, sum: 0 }
    truth.took.set(method, { count: known.count + 1, sum: known.sum + seconds })
  }
  const other = () => {
    waited.observe(amount(1))
    truth.waited++
    const change = random() < 0.5 ? 1 : -1
    inFlight.add(change)
    truth.inFlight += change
    if (random() < 0.1) {
      truth.temperature = amount(40) - 20
      temperature.set(truth.temperature)
    }
  }
  return { truth, measure: () => (random() < 0.7 ? call() : other()) }
}

/** A whole day. */
export const metricDayCases: readonly MetricsCase[] = [
  {
    name: 'is right at the end of a day, however often it was collected',
    async run(harness) {
      await using backend = await harness.open()
      const random = seededRandom('a day')
      const { truth, measure } = service(backend, random)
      for (let atMs = 0; atMs < dayMs; atMs += stepMs) {
        // Busy at noon, nearly idle at night.
        const busy = Math.round(20 * Math.sin((Math.PI * atMs) / dayMs) ** 2)
        for (let measured = 0; measured < busy; measured++) measure()
        await backend.pass?.(stepMs)
        if (random() < 0.2) await backend.collect()
      }
      const samples = await backend.close()
      const hasLabels = !harness.without?.includes('labels')
      const sumOf = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0)
      near(totalOf(samples, 'calls'), sumOf(truth.calls.values()), 'all calls')
      if (hasLabels) {
        for (const [key, times] of truth.calls) {
          const [method = '', code = ''] = key.split(' ')
          near(totalOf(samples, 'calls', 'value', seenLabels(harness, { method, code })), times, `calls of ${key}`)
        }
        for (const [method, { count, sum }] of truth.took) {
          const where = seenLabels(harness, { method })
          near(totalOf(samples, 'took', 'count', where), count, `the count of ${method}`)
          if (!harness.without?.includes('sums'))
            near(totalOf(samples, 'took', 'sum', where), sum, `the sum of ${method}`)
        }
      }
      near(soleValue(samples, 'waited', 'count'), truth.waited, 'the count of the summary')
      near(soleValue(samples, 'in_flight'), truth.inFlight, 'the gauge that is added to')
      near(soleValue(samples, 'temperature'), truth.temperature, 'the gauge that is set')
    },
  },
]
