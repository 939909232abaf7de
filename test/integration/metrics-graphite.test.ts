// Proves the backend for Graphite with carbon-cache, whose files are read back, and with VictoriaMetrics.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { type Graphite, graphite } from '../../src/metrics/graphite/graphite.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { outage } from '../platform/graphite-outage.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { carbon } from '../servers/carbon/carbon.ts'
import { readBack } from '../servers/carbon/read-back.ts'
import { ownServer } from '../servers/own-server.ts'
import { exported } from '../servers/victoria-metrics/export.ts'
import { victoriaMetrics } from '../servers/victoria-metrics/victoria-metrics.ts'

/** Names that no earlier run has used either, for a server may outlive the run. */
const own = `backend${process.pid}`
const awkward = ['Grüße 日本', 'a;b=c', '~x', '', 'a"}', '{a="b"}', 'a/b', 'a\nb\x1cc', '\\', "'", '!^*?[x]']

/** Measures what every receiver is asked for. */
function measure(metrics: Graphite): void {
  const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'] })
  calls.with({ method: 'sum', code: 'ok' }).add(6.5)
  const paths = metrics.counter({ name: 'paths', labels: ['path'] })
  for (const [index, path] of awkward.entries()) paths.with({ path }).add(index + 1)
  metrics
    .gauge({ name: 'level', labels: ['name'] })
    .with({ name: 'x' })
    .set(-1.5e-7)
  metrics.gauge({ name: 'large' }).set(1e21)
  metrics.gauge({ name: 'none' }).set(NaN)
  const took = metrics.histogram({ name: 'took', buckets: [1, 2] })
  for (const value of [0.5, 1.5]) took.observe(value)
  metrics.summary({ name: 'waited', quantiles: [0.999] }).observe(8)
}

/** What it should come to, by name and sorted tags. */
const expected: readonly (readonly [series: string, value: number])[] = [
  ['rpc.calls;code=ok;host=h1;method=sum', 6.5],
  ['paths;host=h1;path=Grüße_日本', 1],
  ['paths;host=h1;path=a_b=c', 2],
  ['paths;host=h1;path=_x', 3],
  ['paths;host=h1;path=_', 4],
  ['paths;host=h1;path=a_}', 5],
  ['paths;host=h1;path={a=_b_}', 6],
  ['paths;host=h1;path=a/b', 7],
  ['paths;host=h1;path=a_b_c', 8],
  ['paths;host=h1;path=\\', 9],
  ["paths;host=h1;path='", 10],
  ['paths;host=h1;path=!^*?[x]', 11],
  ['level;host=h1;name_=x', -1.5e-7],
  ['large;host=h1', 1e21],
  ['took.count;host=h1', 2],
  ['took.sum;host=h1', 2],
  ['took.le_1;host=h1', 1],
  ['took.le_2;host=h1', 2],
  ['took.p50;host=h1', 1],
  ['took.p99;host=h1', 1.98],
  ['waited.count;host=h1', 1],
]

describe('the backend for Graphite, with carbon-cache', skipUnless('carbon'), () => {
  const known = (series: string) => readBack((key) => addressOf('carbon', key), series)
  const isKnown = (series: string, value: number) =>
    eventually(async () => (await known(series)).some(([, one]) => one === value), 20_000)

  for (const wire of ['url', 'udp'] as const) {
    it(`brings every number into its series over ${wire === 'udp' ? 'udp' : 'tcp'}`, async () => {
      const prefix = `${own}.${wire}.`
      const beganAt = Math.floor(Date.now() / 1_000)
      await using metrics = graphite({ url: addressOf('carbon', wire), prefix, tags: { host: 'h1' }, buckets: true })
      measure(metrics)
      await metrics.flush()
      for (const [series, value] of expected) await isKnown(prefix + series, value)
      const [point] = await known(`${prefix}large;host=h1`)
      assert.ok(point !== undefined && point[0] >= beganAt && point[0] <= beganAt + 60)
      assert.deepEqual(await known(`${prefix}none;host=h1`), [])
      assert.equal(metrics.stats.dropped, 0)
      const complaints = await readFile(addressOf('carbon', 'listener'), 'utf8').catch(() => '')
      assert.doesNotMatch(complaints, /invalid line/)
    })
  }

  it('brings labels as parts of the path', async () => {
    const prefix = `${own}.path.`
    await using metrics = graphite({ url: addressOf('carbon'), prefix, labels: 'path' })
    measure(metrics)
    await metrics.flush()
    for (const [series, value] of [
      ['rpc.calls.sum.ok', 6.5],
      ['paths.a_b_c', 10],
      ['level.x', -1.5e-7],
      ['took.p50', 1],
      ['waited.count', 1],
    ] as const)
      await isKnown(prefix + series, value)
  })

  it('brings at its end what was not sent yet', async () => {
    {
      await using metrics = graphite({ url: addressOf('carbon'), prefix: `${own}.end.` })
      metrics.counter({ name: 'hits' }).add(6)
    }
    await isKnown(`${own}.end.hits`, 6)
  })

  it('goes on by itself when carbon crashes under load and comes back, in bounded memory', async () => {
    await using server = await ownServer(carbon)
    await outage({
      server,
      url: server.addresses['url'] ?? '',
      known: async () =>
        (await readBack((key) => server.addresses[key] ?? '', 'outage.calls')).map(([, value]) => value),
    })
  })
})

describe('the backend for Graphite, with VictoriaMetrics', skipUnless('victoria-metrics'), () => {
  /** By name and sorted tags. */
  const knownAt = async (url: string, prefix: string) => {
    const series = await exported(url, `{__name__=~"${prefix}.*"}`)
    return new Map(
      series.map(({ metric: { __name__: name = '', ...tags }, values }) => [
        [
          name,
          ...Object.entries(tags)
            .sort()
            .map(([tag, value]) => `${tag}=${value}`),
        ].join(';'),
        values,
      ]),
    )
  }

  for (const wire of ['graphite', 'udp'] as const) {
    it(`brings every number into its series over ${wire === 'udp' ? 'udp' : 'tcp'}`, async () => {
      const prefix = `${own}.${wire}.`
      const url = addressOf('victoria-metrics', wire)
      await using metrics = graphite({ url, prefix, tags: { host: 'h1' }, buckets: true })
      measure(metrics)
      await metrics.flush()
      await eventually(async () => {
        const known = await knownAt(addressOf('victoria-metrics'), prefix)
        return expected.every(([series, value]) => known.get(prefix + series)?.includes(value))
      }, 20_000)
      const known = await knownAt(addressOf('victoria-metrics'), prefix)
      assert.equal(known.get(`${prefix}none;host=h1`), undefined)
    })
  }

  it('goes on by itself when VictoriaMetrics crashes under load and comes back, in bounded memory', async () => {
    await using server = await ownServer(victoriaMetrics)
    await outage({
      server,
      url: server.addresses['graphite'] ?? '',
      known: async () => (await knownAt(server.addresses['url'] ?? '', 'outage.calls')).get('outage.calls') ?? [],
    })
  })
})
