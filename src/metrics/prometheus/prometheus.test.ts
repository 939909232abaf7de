// Tests of prometheus.ts: metrics in, a page out.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Gauge, Registry } from '@prometheus-io/client'
import fc from 'fast-check'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { rootContext } from '../../core/context.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { registry } from '../registry.ts'
import { type Prometheus, prometheus } from './prometheus.ts'

async function page({ handler }: Prometheus, query = '', accept = ''): Promise<string> {
  const response = await handler(
    new Request(`http://localhost/metrics${query}`, { headers: { accept } }),
    rootContext(),
  )
  return response.text()
}

describe('prometheus', () => {
  it('shows what was measured, in the order in which the metrics were made', () => {
    const metrics = prometheus()
    metrics.counter({ name: 'my_group_request_count' }).add()
    metrics.gauge({ name: 'calls.in_flight', help: 'Now.' }).set(3)
    assert.equal(
      metrics.text(),
      '# TYPE my_group_request_count counter\nmy_group_request_count 1\n' +
        '# HELP calls_in_flight Now.\n# TYPE calls_in_flight gauge\ncalls_in_flight 3\n',
    )
    assert.ok(metrics.text('openmetrics').endsWith('calls_in_flight 3\n# EOF\n'))
  })

  it('has a page while nothing was measured', () => {
    assert.equal(prometheus().text(), '')
    assert.equal(prometheus().text('openmetrics'), '# EOF\n')
  })

  it('refuses a format that there is not', () => {
    assert.throws(() => prometheus().text('json' as never), { name: 'TypeError', message: /^format .* is json$/ })
  })

  it('gives on its handler the page in the format that is asked for', async () => {
    const metrics = prometheus()
    metrics.counter({ name: 'calls' }).add()
    assert.equal(await page(metrics), metrics.text())
    assert.equal(await page(metrics, '', 'application/openmetrics-text'), metrics.text('openmetrics'))
  })

  it('gives the metrics that are asked for by name, or by that of a sample in either format', async () => {
    const metrics = prometheus()
    metrics.counter({ name: 'calls.made' }).add()
    metrics.histogram({ name: 'took', buckets: [1] }).observe(1)
    metrics.gauge({ name: 'up' }).set(1)
    const names = async (query: string) => parsePage(await page(metrics, query), 'text').map(({ name }) => name)
    assert.deepEqual(await names('?name[]=calls_made_total&name[]=took'), ['calls_made_total', 'took'])
    assert.deepEqual(await names('?name[]=calls_made'), ['calls_made_total'])
    assert.deepEqual(await names('?name[]=took_sum'), ['took'])
    assert.deepEqual(await names('?name[]=calls.made&name[]=constructor'), [])
  })

  it('calls readers before it shows, and one that throws breaks nothing', async () => {
    const metrics = prometheus()
    const gauge = metrics.gauge({ name: 'up' })
    let reads = 0
    // What a reader throws surfaces as an uncaught error, which a test must catch.
    const uncaught: unknown[] = []
    const listeners = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[]
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error))
    try {
      metrics.onCollect(() => {
        throw new Error('broken')
      })
      const reading = metrics.onCollect(() => gauge.set(++reads))
      assert.match(await page(metrics), /^up 1$/m)
      reading[Symbol.dispose]()
      assert.match(await page(metrics), /^up 1$/m)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
    assert.deepEqual(uncaught.map(String), ['Error: broken', 'Error: broken'])
  })

  it('refuses a metric that it could not show, where it is made', () => {
    const metrics = prometheus()
    metrics.counter({ name: 'a.b' })
    assert.throws(
      () => metrics.counter({ name: 'a_b_total' }),
      /^TypeError: metric a_b_total cannot be told from .* a\.b/,
    )
    assert.throws(() => metrics.histogram({ name: 'h', labels: ['le'] }), /^TypeError: metric h: label le is reserved/)
    assert.throws(() => metrics.registry.gauge({ name: 'a_b' }), /^TypeError: metric a_b cannot be told/)
    assert.equal(metrics.text(), '# TYPE a_b_total counter\na_b_total 0\n')
  })

  it('shows the metrics of a registry that is handed in, whenever they are made', () => {
    const kept = registry()
    kept.gauge({ name: 'before' }).set(1)
    const metrics = prometheus({ registry: kept })
    kept.gauge({ name: 'after' }).set(2)
    assert.equal(metrics.registry, kept)
    assert.match(metrics.text(), /^before 1$.*^after 2$/ms)
  })

  it('refuses a registry with metrics that it could not show, and options that would be the registry’s own', () => {
    const kept = registry()
    kept.gauge({ name: 'a.b' })
    kept.gauge({ name: 'a_b' })
    assert.throws(() => prometheus({ registry: kept }), { name: 'TypeError', message: /^metric a_b cannot be told/ })
    assert.throws(() => prometheus({ registry: registry(), clock: manualClock() }), {
      name: 'TypeError',
      message: /^clock and onCardinalityExceeded are options of the registry/,
    })
  })

  it('has its own registry take the clock and the limit of series', async () => {
    const events: unknown[] = []
    const clock = manualClock()
    const metrics = prometheus({ clock, onCardinalityExceeded: (event) => events.push(event) })
    const summary = metrics.summary({ name: 'took', quantiles: [0.5], maxAgeMs: 1_000 })
    summary.observe(0)
    assert.match(metrics.text(), /quantile="0.5"} 0/)
    await clock.advance(10_000)
    assert.match(metrics.text(), /quantile="0.5"} NaN/)
    const calls = metrics.counter({ name: 'calls', labels: ['id', 'code'], maxSeries: 2 })
    for (let id = 0; id < 10; id++) calls.with({ id, code: 'ok' }).add()
    assert.deepEqual(events, [{ metric: 'calls', maxSeries: 2 }])
    assert.match(metrics.text(), /^calls\{id="__overflow__",code="ok"\} 8$/m)
  })

  it('shows what is included behind its own, on the handler’s page', async () => {
    const register = new Registry()
    new Gauge({ name: 'theirs', help: 't', registers: [register] }).set(2)
    const metrics = prometheus({ include: [register] })
    metrics.gauge({ name: 'up' }).set(1)
    const own = '# TYPE up gauge\nup 1\n'
    assert.equal(await page(metrics), `${own}# HELP theirs t\n# TYPE theirs gauge\ntheirs 2\n`)
    assert.equal(
      await page(metrics, '', 'application/openmetrics-text'),
      `${own}# TYPE theirs gauge\n# HELP theirs t\ntheirs 2\n# EOF\n`,
    )
    assert.equal(metrics.text(), own)
  })

  it('leaves out an included metric that it could not tell from its own, and says so', async () => {
    const register = new Registry()
    new Gauge({ name: 'up', help: 'u', registers: [register] }).set(2)
    const failed: unknown[] = []
    const metrics = prometheus({ include: [register], onIncludeFailed: ({ metric }) => failed.push(metric) })
    metrics.gauge({ name: 'up' }).set(1)
    assert.equal(await page(metrics), '# TYPE up gauge\nup 1\n')
    assert.deepEqual(failed, ['up'])
  })

  it('refuses to include what is no registry', () => {
    assert.throws(() => prometheus({ include: [Registry as never] }), {
      name: 'TypeError',
      message: /^include takes registries/,
    })
  })

  it('is read back as it was measured, whatever help and labels hold', () => {
    const text = fc.oneof(fc.string({ unit: fc.constantFrom('\\', '"', '\n', '}', ',', 'é', '\r') }), fc.string())
    const series = fc.uniqueArray(fc.tuple(text, text, fc.double({ noNaN: true })), {
      maxLength: 8,
      selector: ([a, b]) => JSON.stringify([a, b]),
    })
    fc.assert(
      fc.property(text, series, fc.constantFrom('text', 'openmetrics'), (help, values, format) => {
        const metrics = prometheus()
        const gauge = metrics.gauge({ name: 'x.y', help, labels: ['a.a', 'b'] })
        for (const [a, b, value] of values) gauge.with({ 'a.a': a, b }).set(value)
        const [family] = parsePage(metrics.text(format), format)
        const read = family?.samples.map(({ labels, value }) => [
          labels['a_a'],
          labels['b'],
          Number(value.replace('Inf', 'Infinity')),
        ])
        // Series of one value for the first label stay together.
        const order = (list: readonly unknown[] = []) => list.map((each) => JSON.stringify(each)).sort()
        assert.deepEqual(order(read), order(values.map(([a, b, value]) => [a, b, value + 0])))
        if (values.length > 0) assert.equal(family?.help ?? '', help)
      }),
    )
  })
})
