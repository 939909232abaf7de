// Proves the backend for InfluxDB with InfluxDB, and with VictoriaMetrics over both write APIs: what was measured is read back, exactly.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Influx, type InfluxOptions, influx } from '../../src/metrics/influx/influx.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { influxdb } from '../servers/influxdb/influxdb.ts'
import { query, type Row } from '../servers/influxdb/query.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'
import { exported } from '../servers/victoria-metrics/export.ts'
import { victoriaMetrics } from '../servers/victoria-metrics/victoria-metrics.ts'

/** Names that no earlier run has used either, for a server may outlive the run. */
const own = `backend${process.pid}`
const awkward = [
  'Grüße 日本',
  ' a ',
  'a,b=c',
  '"quoted" and more',
  'a=',
  ',',
  '{a="b"}',
  '#',
  '\u2028',
  "'",
  '0i',
  '🚀',
]
const limitMs = 60_000

function measure(metrics: Influx): void {
  const paths = metrics.counter({ name: 'paths', labels: ['path', 'time'] })
  for (const [index, path] of awkward.entries()) paths.with({ path, time: '' }).add(index + 0.5)
  const level = metrics.gauge({ name: 'level', labels: ['of'] })
  for (const [of, value] of [-1.5e-7, 1e21, 2 ** 53, 1 / 3, NaN].entries()) level.with({ of }).set(value)
  const took = metrics.histogram({ name: 'took', buckets: [1, 2] })
  for (const value of [0.5, 1.5]) took.observe(value)
  metrics.summary({ name: 'waited', quantiles: [0.999], relativeErrorRatio: 0.0001 }).observe(0)
}

/** Counts without a pause while the server crashes and is started again; `total` is what the server has of it. */
async function outage(server: OwnServer, options: InfluxOptions, total: () => Promise<number>): Promise<void> {
  await using metrics = influx({ intervalMs: 50, ...options })
  const calls = metrics.counter({ name: 'outage' })
  const took = metrics.histogram({ name: 'outage_took', labels: ['of'] })
  let counted = 0
  const load = () => {
    for (let n = 0; n < 100; n++) {
      calls.add()
      counted++
      took.with({ of: n }).observe(n / 1_000)
    }
    // Those of one sending.
    assert.ok(metrics.stats.pending <= 103, `${metrics.stats.pending} lines wait`)
  }
  await eventually(async () => {
    load()
    return (await total()) > 0
  }, limitMs)
  for (let crashes = 0; crashes < 2; crashes++) {
    const { sent } = metrics.stats
    await server.crash()
    let steps = 0
    await eventually(() => {
      load()
      steps++
      return metrics.stats.lastError !== undefined && steps > 30
    }, limitMs)
    await server.restart()
    await eventually(async () => {
      load()
      return metrics.stats.lastError === undefined && metrics.stats.sent > sent + 100
    }, limitMs)
  }
  await eventually(async () => {
    await metrics.flush()
    return (await total()) >= counted
  }, limitMs)
  assert.equal(await total(), counted, 'each once')
  assert.equal(metrics.stats.dropped, 0)
}

describe('the backend for InfluxDB, with InfluxDB', skipUnless('influxdb'), () => {
  const ask = (statement: string) => query(addressOf('influxdb'), statement, own)
  const open = (more?: Partial<InfluxOptions>) =>
    influx({ url: addressOf('influxdb'), database: own, tags: { host: 'h1' }, buckets: true, ...more })
  const numberIn = (row: Row | undefined) => row?.['value']

  it('brings every number, its name and its tags', async () => {
    await query(addressOf('influxdb'), `CREATE DATABASE ${own}`)
    const beganAt = Date.now()
    await using metrics = open()
    measure(metrics)
    await metrics.flush()
    assert.equal(metrics.stats.lastError, undefined)
    const paths = await ask('SELECT value FROM paths GROUP BY *')
    assert.deepEqual(
      new Map(paths.map(({ path, value }) => [path, value])),
      new Map(awkward.map((path, index) => [path, index + 0.5])),
    )
    assert.ok(paths.every(({ host }) => host === 'h1'))
    const levels = await ask('SELECT value FROM level GROUP BY "of"')
    assert.deepEqual(
      levels.map(({ of, value }) => [of, value]),
      [
        ['0', -1.5e-7],
        ['1', 1e21],
        ['2', 2 ** 53],
        ['3', 1 / 3],
      ],
    )
    const [took = assert.fail()] = await ask('SELECT * FROM took')
    const { time, ...fields } = took
    assert.deepEqual(fields, {
      ...{ count: 2, sum: 2, host: 'h1', le_1: 1, le_2: 2 },
      ...{ p50: 1, p90: 1.8, p95: 1.9, p99: 1.98 },
    })
    const millisecond = Number(String(time).slice(0, -6))
    assert.ok(millisecond >= beganAt && millisecond <= Date.now())
    assert.deepEqual(
      (await ask('SELECT "p99.9", count FROM waited')).map((row) => [row['p99.9'], row['count']]),
      [[0, 1]],
    )
    const types = await ask('SHOW FIELD KEYS FROM took')
    assert.equal(types.find(({ fieldKey }) => fieldKey === 'count')?.['fieldType'], 'integer')
    assert.equal(types.find(({ fieldKey }) => fieldKey === 'sum')?.['fieldType'], 'float')
  })

  it('brings what was added in each interval, so that a sum over all of them is right, over restarts too', async () => {
    await query(addressOf('influxdb'), `CREATE DATABASE ${own}`)
    for (let restarts = 0; restarts < 3; restarts++) {
      await using metrics = open()
      const sums = metrics.counter({ name: 'sums' })
      for (const amount of [1, 2, 4]) {
        sums.add(amount)
        await metrics.flush()
      }
      sums.add(8)
    }
    assert.equal(numberIn((await ask('SELECT sum(value) AS value FROM sums'))[0]), 45)
    assert.equal(numberIn((await ask('SELECT count(value) AS value FROM sums'))[0]), 12)
  })

  it('waits until the database is there, and loses nothing meanwhile', async () => {
    await using metrics = open({ database: `${own}_later` })
    const hits = metrics.counter({ name: 'hits' })
    for (let n = 0; n < 5; n++) {
      hits.add()
      await metrics.flush()
      assert.match(String(metrics.stats.lastError), /answered 404: .*database not found/)
    }
    await query(addressOf('influxdb'), `CREATE DATABASE ${own}_later`)
    await metrics.flush()
    const [row] = await query(addressOf('influxdb'), 'SELECT sum(value) AS value FROM hits', `${own}_later`)
    assert.equal(numberIn(row), 5)
  })

  it('gives up the lines that are refused, says why, and brings the others', async () => {
    await query(addressOf('influxdb'), `CREATE DATABASE ${own}`)
    const reply = await fetch(`${addressOf('influxdb')}/write?db=${own}`, {
      method: 'POST',
      body: 'conflict value="text"',
    })
    assert.equal(reply.status, 204)
    await using metrics = open()
    metrics.counter({ name: 'conflict' }).add(1)
    metrics.counter({ name: 'fine' }).add(2)
    await metrics.flush()
    assert.match(String(metrics.stats.lastError), /field type conflict/)
    assert.equal(metrics.stats.dropped, 1)
    assert.equal(numberIn((await ask('SELECT value FROM fine'))[0]), 2)
    await metrics.flush()
    assert.equal(numberIn((await ask('SELECT value FROM "influx.dropped_lines"'))[0]), 1)
  })

  it('counts what goes beyond the limits of the database', async () => {
    await query(addressOf('influxdb'), `CREATE DATABASE ${own}_limit`)
    await using metrics = open({ database: `${own}_limit` })
    const many = metrics.counter({ name: 'many', labels: ['of'], maxSeries: 3_000 })
    for (let of = 0; of < 1_000; of++) many.with({ of }).add()
    await metrics.flush()
    assert.equal(metrics.stats.lastError, undefined)
    for (let of = 900; of < 1_100; of++) many.with({ of }).add()
    await metrics.flush()
    assert.match(String(metrics.stats.lastError), /max-values-per-tag limit exceeded/)
    assert.equal(metrics.stats.dropped, 100)
    const [row] = await query(addressOf('influxdb'), 'SELECT sum(value) AS value FROM many', `${own}_limit`)
    assert.equal(numberIn(row), 1_100)
  })

  it('halves what is too large', async () => {
    await query(addressOf('influxdb'), `CREATE DATABASE ${own}`)
    await using metrics = open({ gzip: false })
    const large = metrics.counter({ name: 'large', labels: ['of'] })
    for (let of = 0; of < 900; of++) large.with({ of: `${of}${'x'.repeat(700)}` }).add()
    await metrics.flush()
    assert.match(String(metrics.stats.lastError), /413/)
    assert.deepEqual([metrics.stats.dropped, metrics.stats.sent], [0, 900])
    assert.equal(numberIn((await ask('SELECT sum(value) AS value FROM large'))[0]), 900)
  })

  it('goes on by itself when InfluxDB crashes under load and comes back, and loses nothing', async () => {
    await using server = await ownServer(influxdb)
    const url = server.addresses['url'] ?? ''
    await query(url, 'CREATE DATABASE outage')
    await outage(server, { url, database: 'outage' }, async () => {
      const [row] = await query(url, 'SELECT sum(value) AS value FROM outage', 'outage')
      return Number(numberIn(row) ?? 0)
    })
  })
})

describe('the backend for InfluxDB, with VictoriaMetrics', skipUnless('victoria-metrics'), () => {
  const url = () => addressOf('victoria-metrics')
  const seriesOf = (metric: string, at = url()) => exported(at, `{__name__="${metric}"}`)

  for (const [version, where] of [
    ['version 1', { database: 'test', user: 'me', password: 'secret' }],
    ['version 2', { bucket: 'test', organization: 'all', token: 'secret' }],
  ] as const) {
    it(`brings every number, its name and its tags over the API of ${version}`, async () => {
      const prefix = `${own}_${version.at(-1)}_`
      await using metrics = influx({ url: url(), ...where, prefix, tags: { host: 'h1' }, buckets: true })
      measure(metrics)
      await metrics.flush()
      assert.equal(metrics.stats.lastError, undefined)
      await eventually(async () => {
        const paths = await seriesOf(`${prefix}paths_value`)
        assert.deepEqual(
          new Map(paths.map(({ metric, values }) => [metric['path'], values])),
          new Map(awkward.map((path, index) => [path, [index + 0.5]])),
        )
        assert.ok(paths.every(({ metric }) => metric['host'] === 'h1'))
      }, 20_000)
      const levels = await seriesOf(`${prefix}level_value`)
      // It keeps twelve digits.
      assert.deepEqual(
        new Map(levels.map(({ metric, values }) => [metric['of'], Number(values[0]?.toPrecision(12))])),
        new Map([
          ['0', -1.5e-7],
          ['1', 1e21],
          ['2', 9_007_199_254_740_000],
          ['3', 0.333_333_333_333],
        ]),
      )
      for (const [field, value] of [
        ['count', 2],
        ['sum', 2],
        ['le_1', 1],
        ['p50', 1],
      ] as const)
        assert.equal((await seriesOf(`${prefix}took_${field}`))[0]?.values[0], value, field)
    })
  }

  it('goes on by itself when VictoriaMetrics crashes under load and comes back', async () => {
    await using server = await ownServer(victoriaMetrics)
    const own = server.addresses['url'] ?? ''
    await using metrics = influx({ url: own, database: 'outage', intervalMs: 50 })
    const calls = metrics.counter({ name: 'outage' })
    const total = async () =>
      (await seriesOf('outage_value', own)).flatMap(({ values }) => values).reduce((a, b) => a + b, 0)
    await eventually(async () => {
      calls.add()
      return (await total()) > 0
    }, limitMs)
    await server.crash()
    let steps = 0
    await eventually(() => {
      calls.add()
      steps++
      return metrics.stats.lastError !== undefined && steps > 30
    }, limitMs)
    assert.ok(metrics.stats.pending <= 2)
    const before = metrics.stats.sent
    await server.restart()
    await eventually(() => {
      calls.add()
      return metrics.stats.lastError === undefined && metrics.stats.sent > before + 3
    }, limitMs)
    await metrics.flush()
    assert.equal(metrics.stats.dropped, 0)
    await eventually(async () => (await total()) >= steps, limitMs)
  })
})
