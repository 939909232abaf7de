// Proves metrics for CloudWatch with the official client and moto, which stands in for the service: killed and restarted while is measured.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CloudWatchClient,
  type Dimension,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch'
import { cloudwatch } from '../../src/metrics/cloudwatch/cloudwatch.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { moto } from '../servers/moto/moto.ts'
import { ownServer } from '../servers/own-server.ts'

const own = `servicekit-${process.pid}`

const clientOf = (endpoint: string) =>
  new CloudWatchClient({
    region: 'eu-central-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })

/** What the service adds up over the last hours. */
async function statistics(
  client: CloudWatchClient,
  Namespace: string,
  MetricName: string,
  Dimensions: Dimension[] = [],
) {
  const now = Date.now()
  const range = { StartTime: new Date(now - 7_200_000), EndTime: new Date(now + 7_200_000), Period: 14_400 }
  const Statistics = ['Sum' as const, 'SampleCount' as const, 'Minimum' as const, 'Maximum' as const]
  const asked = { Namespace, MetricName, Dimensions, Statistics, ...range }
  const { Datapoints = [] } = await client.send(new GetMetricStatisticsCommand(asked))
  const [point] = Datapoints
  return point && { sum: point.Sum, count: point.SampleCount, least: point.Minimum, greatest: point.Maximum }
}

describe('metrics for CloudWatch, with moto', { ...skipUnless('moto'), timeout: 120_000 }, () => {
  it('brings counters, gauges and distributions, in batches of what one request takes', async () => {
    const client = clientOf(addressOf('moto'))
    const namespace = `${own}/a`
    await using metrics = cloudwatch({ client, namespace, dimensions: { stage: 'test' } })
    const calls = metrics.counter({ name: 'rpc.calls', labels: ['method'], maxSeries: 3_000 })
    for (let at = 0; at < 2_500; at++) calls.with({ method: `m${at}` }).add(at + 1)
    calls.with({ method: 'naïve 1' }).add(2)
    metrics.gauge({ name: 'level', unit: 'bytes' }).set(-4)
    const took = metrics.histogram({ name: 'took', unit: 'seconds' })
    for (const value of [0.25, 0.25, 1.5, -0.5]) took.observe(value)
    await metrics.flush()
    assert.deepEqual([metrics.stats.sent, metrics.stats.lastError], [2_503, undefined])
    const stage = { Name: 'stage', Value: 'test' }
    const of = (method: string) =>
      statistics(client, namespace, 'rpc.calls', [stage, { Name: 'method', Value: method }])
    assert.equal((await of('m2499'))?.sum, 2_500)
    assert.equal((await of('na_ve 1'))?.sum, 2)
    assert.equal((await statistics(client, namespace, 'level', [stage]))?.sum, -4)
    const all = { sum: 1.5, count: 4, least: -0.5, greatest: 1.5 }
    assert.deepEqual(await statistics(client, namespace, 'took', [stage]), all)
    client.destroy()
  })

  it('brings statistic sets', async () => {
    const client = clientOf(addressOf('moto'))
    const namespace = `${own}/b`
    await using metrics = cloudwatch({ client, namespace, distributions: 'statistics' })
    const took = metrics.summary({ name: 'took' })
    for (const value of [1, 5, 9, 5]) took.observe(value)
    await metrics.flush()
    assert.deepEqual(await statistics(client, namespace, 'took'), { sum: 20, count: 4, least: 1, greatest: 9 })
    client.destroy()
  })

  it('keeps what was measured while the service is away, bounded and counted, and sends it by itself afterwards', async () => {
    await using server = await ownServer(moto)
    const client = clientOf(server.addresses['url'] as string)
    const namespace = `${own}/c`
    let [failures, requests] = [0, 0]
    const counting = {
      send: (command: PutMetricDataCommand, options?: { abortSignal?: AbortSignal }) => {
        requests++
        return client.send(command, options)
      },
    }
    await using metrics = cloudwatch({
      client: counting,
      namespace,
      intervalMs: 50,
      timeoutMs: 2_000,
      maxPendingData: 1_000,
      onError: () => failures++,
    })
    const calls = metrics.counter({ name: 'calls' })
    const load = setInterval(() => calls.add(), 1)
    try {
      await eventually(() => metrics.stats.sent > 0)
      await server.crash()
      await eventually(() => failures > 30, 20_000)
      const asked = requests
      await eventually(() => failures > 60, 20_000)
      // It rests for longer and longer: no storm.
      assert.ok(requests - asked <= 3, `${requests - asked} requests in 30 intervals`)
      assert.ok(metrics.stats.pending > 0 && metrics.stats.pending <= 1_000)
      await server.restart()
      const { sent } = metrics.stats
      await eventually(() => metrics.stats.sent > sent && metrics.stats.pending < 5, 30_000)
      assert.equal(metrics.stats.dropped, 0)
    } finally {
      clearInterval(load)
    }
    await metrics.flush()
    assert.deepEqual([metrics.stats.pending, metrics.stats.lastError], [0, undefined])
    assert.ok(((await statistics(client, namespace, 'calls'))?.sum ?? 0) > 0)
    client.destroy()
  })

  it('gives up what the service refuses, and not what was sent with it', async () => {
    const client = clientOf(addressOf('moto'))
    const namespace = `${own}/d`
    // A value beyond all that the service takes gets as far as it only by a client that spoils it.
    const spoiling = {
      send: ({ input }: PutMetricDataCommand, options?: { abortSignal?: AbortSignal }) => {
        const MetricData = input.MetricData?.map((datum) =>
          datum.MetricName === 'bad' ? { ...datum, Values: [1], Counts: [1] } : datum,
        )
        return client.send(new PutMetricDataCommand({ ...input, MetricData }), options)
      },
    }
    await using metrics = cloudwatch({ client: spoiling, namespace })
    for (let at = 0; at < 40; at++) metrics.counter({ name: at === 17 ? 'bad' : `good${at}` }).add()
    await metrics.flush()
    assert.deepEqual([metrics.stats.sent, metrics.stats.dropped, metrics.stats.pending], [39, 1, 0])
    assert.equal((metrics.stats.lastError as Error).name, 'InvalidParameterValueException')
    const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: namespace }))
    assert.equal(new Set(Metrics.map(({ MetricName }) => MetricName)).size, 39)
    client.destroy()
  })
})
