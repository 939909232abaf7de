// Proves the backend for Pushgateway with the real one: what it shows, what it refuses, and what becomes of a job while it is away.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { prometheus } from '../../src/metrics/prometheus/prometheus.ts'
import { type PushgatewayOptions, pushgateway } from '../../src/metrics/pushgateway/pushgateway.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { parsePage } from '../interop/prometheus/page.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { pushgateway as server } from '../servers/pushgateway/pushgateway.ts'

/** A name that no earlier run has used either, for a server may outlive the run. */
const own = `backend${process.pid}`

/** The samples of one job, as the gateway shows them: labels sorted, without its own metrics. */
async function shown(url: string, job: string): Promise<ReadonlyMap<string, number>> {
  const page = await (await fetch(`${url}/metrics`)).text()
  const samples = parsePage(page, 'text').flatMap((family) => family.samples)
  return new Map(
    samples
      .filter(({ name, labels }) => labels['job'] === job && !name.startsWith('push_'))
      .map(({ name, labels, value }) => {
        // It gives every metric of a group that has no instance an empty one.
        const others = Object.entries(labels).filter(([label, text]) => label !== 'job' && text !== '')
        return [[name, ...others.sort().map(([label, text]) => `${label}=${text}`)].join(';'), Number(value)]
      }),
  )
}

describe('the backend for Pushgateway', skipUnless('pushgateway'), () => {
  const url = () => addressOf('pushgateway')
  const open = (job: string, more?: Partial<PushgatewayOptions>) =>
    pushgateway({ url: url(), job: `${own}_${job}`, ...more })
  const known = (job: string) => shown(url(), `${own}_${job}`)

  it('shows what a job has measured, once it has ended', async () => {
    const metrics = open('ended')
    const orders = metrics.counter({ name: 'orders_total', help: 'a "b" \\ c\nd', labels: ['country'] })
    orders.with({ country: 'fr' }).add(2)
    orders.with({ country: 'a"b\\c\nd, ü' }).add(0.5)
    metrics.gauge({ name: 'shop.level', unit: 'bytes' }).set(-1.5e-7)
    metrics.histogram({ name: 'took_seconds', buckets: [0.5, 1] }).observe(0.75)
    metrics.summary({ name: 'waited', quantiles: [0.5], relativeErrorRatio: 0.0001 }).observe(0)
    assert.deepEqual([...(await known('ended'))], [])
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual(metrics.stats, { pushes: 1, lastError: undefined })
    assert.deepEqual(
      new Map(await known('ended')),
      new Map([
        ['orders_total;country=fr', 2],
        ['orders_total;country=a"b\\c\nd, ü', 0.5],
        ['shop_level_bytes', -1.5e-7],
        ['took_seconds_bucket;le=0.5', 0],
        ['took_seconds_bucket;le=1', 1],
        ['took_seconds_bucket;le=+Inf', 1],
        ['took_seconds_sum', 0.75],
        ['took_seconds_count', 1],
        ['waited;quantile=0.5', 0],
        ['waited_sum', 0],
        ['waited_count', 1],
      ]),
    )
  })

  it('keeps groups apart by their labels, whatever is in them', async () => {
    for (const [index, path] of ['/var/tmp', '', '.', 'ü b', 'a=b', '%2F'].entries()) {
      await using metrics = open('groups', { grouping: { path } })
      metrics.gauge({ name: 'files' }).set(index)
    }
    assert.deepEqual(
      await known('groups'),
      new Map([
        ['files;path=/var/tmp', 0],
        ['files', 1],
        ['files;path=.', 2],
        ['files;path=ü b', 3],
        ['files;path=a=b', 4],
        ['files;path=%2F', 5],
      ]),
    )
    await using odd = pushgateway({ url: url(), job: `${own}_/odd/` })
    odd.gauge({ name: 'files' }).set(9)
    await odd.flush()
    assert.deepEqual(await shown(url(), `${own}_/odd/`), new Map([['files', 9]]))
  })

  it('replaces the group with put, and metrics of the same names with post', async () => {
    const push = async (name: string, value: number, method: 'put' | 'post') => {
      await using metrics = open('methods', { method })
      metrics.gauge({ name }).set(value)
    }
    await push('a', 1, 'put')
    await push('b', 2, 'post')
    await push('a', 3, 'post')
    assert.deepEqual(await known('methods'), new Map(Object.entries({ a: 3, b: 2 })))
    await push('b', 4, 'put')
    assert.deepEqual(await known('methods'), new Map([['b', 4]]))
  })

  it('deletes the group at the end where it should', async () => {
    const metrics = open('deleted', { deleteOnClose: true })
    metrics.gauge({ name: 'level' }).set(1)
    await metrics.flush()
    assert.equal((await known('deleted')).get('level'), 1)
    await metrics[Symbol.asyncDispose]()
    assert.equal((await known('deleted')).size, 0)
  })

  it('says what the gateway refuses, and throws nothing', async () => {
    await using first = open('conflict')
    first.counter({ name: `${own}_conflict` }).add(1)
    await first.flush()
    // Two groups must not disagree on what a metric is.
    await using second = open('conflict', { grouping: { instance: 'other' } })
    second.gauge({ name: `${own}_conflict` }).set(1)
    await second.flush()
    assert.match(String(second.stats.lastError), /answered 400: .*invalid or inconsistent/)
    await first.flush()
    assert.equal(first.stats.lastError, undefined)
  })

  it('goes on by itself when the gateway crashes and comes back, at intervals and at the end', async () => {
    await using gateway = await ownServer(server)
    const at = gateway.addresses['url'] ?? ''
    await using metrics = pushgateway({ url: at, job: 'outage', intervalMs: 50 })
    const calls = metrics.counter({ name: 'calls_total' })
    let counted = 0
    const isKnown = () =>
      eventually(async () => {
        calls.add()
        counted++
        return ((await shown(at, 'outage')).get('calls_total') ?? 0) > 0
      }, 20_000)
    await isKnown()
    await gateway.crash()
    await eventually(() => {
      calls.add()
      counted++
      return metrics.stats.lastError !== undefined
    }, 20_000)
    const job = pushgateway({ url: at, job: 'job', timeoutMs: 60_000 })
    job.gauge({ name: 'done' }).set(1)
    const ending = job[Symbol.asyncDispose]()
    await gateway.restart()
    await eventually(() => metrics.stats.lastError === undefined, 20_000)
    await metrics.flush()
    assert.equal((await shown(at, 'outage')).get('calls_total'), counted)
    await ending
    assert.deepEqual(job.stats, { pushes: 1, lastError: undefined })
    assert.equal((await shown(at, 'job')).get('done'), 1)
  })

  it('pushes what promtool finds nothing wrong with', skipUnless('prometheus'), async () => {
    const page = prometheus()
    await using metrics = open('linted', { metrics: page })
    metrics.counter({ name: `${own}_linted_total`, help: 'Linted.' }).add(1)
    metrics.histogram({ name: `${own}_took_seconds`, help: 'Took.' }).observe(1)
    await metrics.flush()
    const { status, stdout, stderr } = spawnSync(addressOf('prometheus', 'promtool'), ['check', 'metrics'], {
      input: page.text(),
      encoding: 'utf8',
    })
    assert.equal(status, 0, stdout + stderr)
  })
})
