// Reads back from the real Prometheus what was measured: over both formats, with exemplars, and after it was away.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { rootContext } from '../../src/core/context.ts'
import type { Handler } from '../../src/core/handler.ts'
import { traceContext } from '../../src/core/inbound.ts'
import { readTraceContext } from '../../src/core/metadata.ts'
import { type Prometheus, prometheus } from '../../src/metrics/prometheus/prometheus.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { httpHandler } from '../../src/transport/http/handler.ts'
import { httpServer } from '../../src/transport/http/server.ts'
import { parsePage } from '../interop/prometheus/page.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { prometheus as server } from '../servers/prometheus/prometheus.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`
const traced = rootContext().with(traceContext, readTraceContext(new Map([['traceparent', traceparent]])))

/** A sample, as text that does not depend on the order of labels; two ways to write a bound are one. */
type Sample = readonly [series: string, value: number]

const numberOf = (text: string) => Number(text.replace('Inf', 'Infinity'))

function sample(labels: Readonly<Record<string, string>>, value: string): Sample {
  const sorted = Object.entries(labels)
    .filter(([name]) => name !== 'instance' && name !== 'job')
    .map(([name, text]) => [name, name === 'le' || name === 'quantile' ? numberOf(text) : text])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  return [JSON.stringify(sorted), numberOf(value)]
}

const bySeries = ([a]: Sample, [b]: Sample) => (a < b ? -1 : 1)

/** All that our page says. */
function shown(metrics: Prometheus, format: 'text' | 'openmetrics'): Sample[] {
  return parsePage(metrics.text(format), format)
    .flatMap(({ samples }) => samples)
    .map(({ name, labels, value }) => sample({ ...labels, __name__: name }, value))
    .sort(bySeries)
}

/** A server whose page a Prometheus reads. */
async function scraped(metrics: Prometheus, path: '/metrics' | '/text', targets: string) {
  const answers: Response[] = []
  const handler: Handler = async (request, ctx) => {
    const response = await metrics.handler(request, ctx)
    answers.push(response)
    return response
  }
  const mount = [
    httpHandler('/metrics', handler),
    // As if Prometheus had not asked for OpenMetrics, which every one of the last years does.
    httpHandler('/text', (request, ctx) => handler(new Request(request.url), ctx)),
  ]
  const running = await httpServer({ mount }).listen({ host: '127.0.0.1' })
  const instance = new URL(running.url).host
  const file = join(targets, `${instance.replace(':', '-')}.json`)
  await writeFile(file, JSON.stringify([{ targets: [instance], labels: { __metrics_path__: path } }]))
  return {
    instance,
    answers,
    [Symbol.asyncDispose]: async () => {
      await writeFile(file, '[]')
      await running.close()
    },
  }
}

async function api<T>(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
  const { data, error } = (await response.json()) as { data?: T; error?: string }
  return data ?? assert.fail(`${path}: ${error}`)
}

interface Found {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [at: number, value: string] }[]
}

/** All that Prometheus has of an instance, but for what it says of the scrape itself. */
async function stored(url: string, instance: string): Promise<Sample[]> {
  const query = `{instance="${instance}",__name__!~"up|scrape_.*"}`
  const { result } = await api<Found>(url, 'query', { query })
  return result.map(({ metric, value }) => sample(metric, value[1])).sort(bySeries)
}

/** One metric of each kind, named as we name them ourselves, and as others do. */
function measured(): Prometheus {
  const metrics = prometheus()
  const help = 'Calls "so" far.\nIn C:\\.'
  const calls = metrics.counter({ name: 'rpc.server.calls', help, labels: ['rpc.method', 'code'] })
  calls.with({ 'rpc.method': 'sum', code: 'ok' }).add(41.5, traced)
  calls.with({ 'rpc.method': 'a"\\\n}é🙂', code: 'not_found' }).add(2)
  const took = metrics.histogram({ name: 'rpc.server.duration', help, unit: 'seconds', buckets: [0.0001, 0.5, 1, 2e6] })
  for (const seconds of [0.00005, 0.5, 0.75, 0.8]) took.observe(seconds)
  took.observe(3e6, traced)
  metrics.gauge({ name: 'heap.used', help, unit: 'bytes' }).set(1.5e9)
  metrics.counter({ name: 'my_group_string_service_request_count' }).add(7)
  metrics.gauge({ name: 'my_group_load' }).set(-Infinity)
  const latency = metrics.summary({ name: 'my_group_string_service_request_latency_microseconds', labels: ['method'] })
  for (let i = 0; i <= 100; i++) latency.with({ method: 'count' }).observe(i)
  return metrics
}

// At once, because it takes Prometheus seconds to find out about a target.
describe('what Prometheus reads', { ...skipUnless('prometheus'), concurrency: true }, () => {
  const url = () => addressOf('prometheus')
  const targets = () => addressOf('prometheus', 'targets')

  for (const [path, format, type] of [
    ['/metrics', 'openmetrics', /^application\/openmetrics-text/],
    ['/text', 'text', /^text\/plain/],
  ] as const) {
    it(`is what was measured, over ${format}`, async () => {
      const metrics = measured()
      await using page = await scraped(metrics, path, targets())
      const found = await eventually(async () => {
        const samples = await stored(url(), page.instance)
        return samples.length > 0 && samples
      }, 20_000)
      assert.deepEqual(found, shown(metrics, format))
      assert.match(page.answers[0]?.headers.get('content-type') ?? '', type)
      assert.equal(page.answers[0]?.headers.get('content-encoding'), format === 'openmetrics' ? 'gzip' : null)
    })
  }

  it('has what a metric means, and its kind and unit', async () => {
    const metrics = measured()
    await using page = await scraped(metrics, '/metrics', targets())
    const found = await eventually(async () => {
      const match = `{instance="${page.instance}"}`
      const all = await api<{ metric: string; type: string; help: string; unit: string }[]>(url(), 'targets/metadata', {
        match_target: match,
      })
      return all.length > 0 && all
    }, 20_000)
    const metadata = (name: string) => found.find(({ metric }) => metric === name)
    const { type, help, unit } = metadata('rpc_server_duration_seconds') ?? assert.fail('no metadata')
    assert.deepEqual([type, help, unit], ['histogram', 'Calls "so" far.\nIn C:\\.', 'seconds'])
    assert.equal(metadata('rpc_server_calls')?.type ?? metadata('rpc_server_calls_total')?.type, 'counter')
    assert.equal(metadata('my_group_string_service_request_latency_microseconds')?.type, 'summary')
  })

  it('has the exemplars of counters and buckets', async () => {
    const metrics = measured()
    await using page = await scraped(metrics, '/metrics', targets())
    type Exemplars = { seriesLabels: Record<string, string>; exemplars: { labels: object; value: string }[] }[]
    const found = await eventually(async () => {
      const now = Date.now() / 1_000
      const query = `{instance="${page.instance}"}`
      const range = { start: String(now - 600), end: String(now + 600) }
      const all = await api<Exemplars>(url(), 'query_exemplars', { query, ...range })
      return all.length > 0 && all
    }, 20_000)
    const labels = { trace_id: traceId, span_id: 'b7ad6b7169203331' }
    assert.deepEqual(
      found
        .map(({ seriesLabels: { __name__, le }, exemplars }) => [
          __name__,
          le,
          exemplars.map(({ value }) => Number(value)),
        ])
        .sort(),
      [
        ['rpc_server_calls_total', undefined, [41.5]],
        ['rpc_server_duration_seconds_bucket', '+Inf', [3e6]],
      ],
    )
    for (const { exemplars } of found) assert.deepEqual(exemplars[0]?.labels, labels)
  })

  it('follows what is measured from one scrape to the next', async () => {
    const metrics = prometheus()
    const gauge = metrics.gauge({ name: 'load', labels: ['i'] })
    let reads = 0
    metrics.onCollect(() => gauge.with({ i: 0 }).set(++reads))
    await using page = await scraped(metrics, '/metrics', targets())
    const value = async () => (await stored(url(), page.instance))[0]?.[1] ?? 0
    const first = await eventually(async () => (await value()) || false, 20_000)
    gauge.with({ i: 1 }).set(1)
    await eventually(async () => (await value()) > first && (await stored(url(), page.instance)).length === 2)
    gauge.delete({ i: 1 })
    await eventually(async () => (await stored(url(), page.instance)).length === 1)
  })
})

describe('promtool', skipUnless('prometheus'), () => {
  const check = (metrics: Prometheus) =>
    spawnSync(addressOf('prometheus', 'promtool'), ['check', 'metrics'], { input: metrics.text(), encoding: 'utf8' })

  it('has nothing to say of names as we have them', () => {
    const metrics = prometheus()
    const help = 'What it "is".\nIn C:\\.'
    metrics
      .counter({ name: 'rpc.server.calls', help, labels: ['rpc.method'] })
      .with({ 'rpc.method': '"\\\n' })
      .add()
    metrics.histogram({ name: 'rpc.server.duration', help, unit: 'seconds' }).observe(1)
    metrics.summary({ name: 'rpc.server.wait', help, unit: 'seconds' }).observe(1)
    metrics.gauge({ name: 'heap.used', help, unit: 'bytes' }).set(Number.NaN)
    const { status, stdout, stderr } = check(metrics)
    assert.deepEqual([status, stdout, stderr], [0, '', ''])
  })

  it('reads names that are not as it likes them', () => {
    const { status, stderr } = check(measured())
    assert.equal(status, 3)
    assert.match(stderr, /my_group_string_service_request_count counter metrics should have "_total" suffix/)
    assert.doesNotMatch(stderr, /error while linting/)
  })
})

describe('a Prometheus that goes away', skipUnless('prometheus'), () => {
  it('finds all that was counted meanwhile, in no more series than there may be', async () => {
    await using own = await ownServer(server)
    const { url = '', targets = '' } = own.addresses
    const metrics = prometheus({ onCardinalityExceeded: () => {} })
    const calls = metrics.counter({ name: 'calls.made', labels: ['user', 'code'], maxSeries: 500 })
    let count = 0
    const load = async (times: number) => {
      for (let i = 0; i < times; i++) {
        calls.with({ user: ++count, code: count % 4 === 0 ? 'internal' : 'ok' }).add()
        if (i % 10_000 === 0) await setImmediate()
      }
    }
    await using page = await scraped(metrics, '/metrics', targets)
    const sums = async () => {
      const query = `sum by (code) (calls_made_total{instance="${page.instance}"})`
      const { result } = await api<Found>(url, 'query', { query })
      return Object.fromEntries(result.map(({ metric, value }) => [metric['code'], Number(value[1])]))
    }
    await load(100_000)
    await eventually(async () => assert.deepEqual(await sums(), { ok: 75_000, internal: 25_000 }), 20_000)

    await own.crash()
    const before = process.memoryUsage().heapUsed
    await load(900_000)
    const grownBytes = process.memoryUsage().heapUsed - before
    // Kept, nine hundred thousand series would take ten times as much.
    assert.ok(grownBytes < 64 * 1024 * 1024, `the heap grew by ${grownBytes} bytes`)
    const [family] = metrics.registry.collect()
    assert.equal(family?.series.length, 502)

    await own.restart()
    await eventually(async () => assert.deepEqual(await sums(), { ok: 750_000, internal: 250_000 }), 20_000)
  })
})
