import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type CloudWatchOptions, cloudwatch } from './cloudwatch.ts'

/** CloudWatch as it is told to be. */
function setup(options: Partial<CloudWatchOptions> = {}) {
  const clock = manualClock({ wallStartAt: 1_000_000 })
  const received: MetricDatum[] = []
  const requests: { namespace: string | undefined; signal: AbortSignal | undefined }[] = []
  const failures: unknown[] = []
  let fail: (() => Promise<void>) | undefined
  const client = {
    send: async ({ input }: PutMetricDataCommand, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
      requests.push({ namespace: input.Namespace, signal: abortSignal })
      await fail?.()
      received.push(...(input.MetricData ?? []))
    },
  }
  const metrics = cloudwatch({
    client,
    namespace: 'shop',
    clock,
    jitterRatio: 0,
    random: () => 0.5,
    onError: ({ error }) => failures.push(error),
    ...options,
  })
  const behave = (how: (() => Promise<void>) | undefined) => {
    fail = how
  }
  return { clock, received, requests, failures, metrics, behave }
}

const throttled = Object.assign(new Error('slow down'), {
  name: 'ThrottlingException',
  $metadata: { httpStatusCode: 400 },
})

describe('cloudwatch', { timeout: 10_000 }, () => {
  it('refuses a metric whose name CloudWatch has for another', () => {
    const { metrics } = setup()
    metrics.counter({ name: 'a:b' })
    const long = 'a'.repeat(255)
    metrics.gauge({ name: `${long}1` })
    assert.throws(() => metrics.gauge({ name: 'a_b' }), /^TypeError: metric a_b would be a_b to CloudWatch, as a:b is$/)
    assert.throws(() => metrics.gauge({ name: `${long}2` }), /^TypeError: metric a+2 would be a+ to CloudWatch/)
  })

  it('sends each interval what was measured in it, with its time, unit and dimensions', async () => {
    const { clock, received, requests, metrics } = setup({ dimensions: { stage: 'test' } })
    const calls = metrics.counter({ name: 'calls', labels: ['method'] })
    calls.with({ method: 'add' }).add(3)
    metrics.histogram({ name: 'took', unit: 'seconds' }).observe(0.25)
    await clock.advance(60_000)
    const Dimensions = [{ Name: 'stage', Value: 'test' }]
    const common = { Timestamp: new Date(1_060_000), StorageResolution: 60 }
    assert.deepEqual(received, [
      {
        ...common,
        MetricName: 'calls',
        Unit: 'Count',
        Value: 3,
        Dimensions: [...Dimensions, { Name: 'method', Value: 'add' }],
      },
      { ...common, MetricName: 'took', Unit: 'Seconds', Values: [0.25], Counts: [1], Dimensions },
    ])
    assert.equal(requests[0]?.namespace, 'shop')
    await clock.advance(60_000)
    assert.equal(requests.length, 1)
    await metrics[Symbol.asyncDispose]()
  })

  it('takes statistic sets and the resolution of a second where it is told to', async () => {
    const { received, metrics } = setup({ distributions: 'statistics', highResolution: true })
    metrics.summary({ name: 'took' }).observe(2)
    await metrics.flush()
    assert.deepEqual(received[0]?.StatisticValues, { SampleCount: 1, Sum: 2, Minimum: 2, Maximum: 2 })
    assert.equal(received[0]?.StorageResolution, 1)
    await metrics[Symbol.asyncDispose]()
  })

  it('keeps what is not taken with its time, leaves CloudWatch alone for longer and longer, and loses nothing', async () => {
    const { clock, received, requests, failures, metrics, behave } = setup({ intervalMs: 1_000 })
    const calls = metrics.counter({ name: 'calls' })
    behave(() => Promise.reject(throttled))
    for (let second = 0; second < 30; second++) {
      calls.add()
      await clock.advance(1_000)
    }
    // At 1, 2, 4, 8, 16 s.
    assert.equal(requests.length, 5)
    assert.equal(failures.length, 30)
    assert.deepEqual([metrics.stats.pending, metrics.stats.dropped, metrics.stats.lastError], [30, 0, throttled])
    behave(undefined)
    await clock.advance(3_000)
    assert.deepEqual(
      received.map(({ Value, Timestamp }) => [Value, Timestamp?.getTime()]),
      Array.from({ length: 30 }, (_, at) => [1, 1_001_000 + 1_000 * at]),
    )
    const { sent, pending, lastError } = metrics.stats
    assert.deepEqual([sent, pending, lastError], [30, 0, undefined])
    await metrics[Symbol.asyncDispose]()
  })

  it('keeps so many, drops the oldest of more, and counts them', async () => {
    const { clock, metrics, behave } = setup({ intervalMs: 1_000, maxPendingData: 1_000 })
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    behave(() => Promise.reject(throttled))
    for (let second = 0; second < 4; second++) {
      for (let at = 0; at < 500; at++) calls.with({ of: `${at}` }).add()
      await clock.advance(1_000)
    }
    assert.deepEqual([metrics.stats.pending, metrics.stats.dropped], [1_000, 1_000])
    behave(undefined)
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual([metrics.stats.sent, metrics.stats.pending], [1_000, 0])
  })

  it('gives a request up that takes too long, and tells its client', async () => {
    const { clock, requests, metrics, behave } = setup({ intervalMs: 60_000, timeoutMs: 5_000 })
    metrics.counter({ name: 'calls' }).add()
    behave(() => new Promise(() => {}))
    const flushed = metrics.flush()
    await clock.settle()
    await clock.advance(5_000)
    await flushed
    assert.match(String(metrics.stats.lastError), /CloudWatch did not answer within 5s/)
    assert.equal(requests[0]?.signal?.aborted, true)
    behave(undefined)
    await metrics.flush()
    assert.equal(requests[1]?.signal?.aborted, false)
    assert.deepEqual([metrics.stats.sent, metrics.stats.pending], [1, 0])
    await metrics[Symbol.asyncDispose]()
    assert.equal(clock.pending, 0)
  })

  it('sends what is left when it is closed, once, and within its limit', async () => {
    const { clock, received, metrics, behave } = setup({ timeoutMs: 5_000 })
    metrics.gauge({ name: 'depth' }).set(4)
    await Promise.all([metrics[Symbol.asyncDispose](), metrics[Symbol.asyncDispose]()])
    assert.deepEqual(
      received.map(({ Value }) => Value),
      [4],
    )
    const other = setup({ timeoutMs: 5_000 })
    other.metrics.counter({ name: 'calls' }).add()
    other.behave(() => new Promise(() => {}))
    let isClosed = false
    void other.metrics[Symbol.asyncDispose]().then(() => {
      isClosed = true
    })
    await other.clock.settle()
    await other.clock.advance(5_000)
    await eventually(() => isClosed)
    assert.deepEqual([other.metrics.stats.dropped, other.metrics.stats.pending], [1, 0])
    assert.equal(clock.pending, 0)
    behave(undefined)
  })

  it('sends what a series had when it is forgotten', async () => {
    const { received, metrics } = setup()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    calls.with({ of: 'a' }).add(2)
    calls.delete({ of: 'a' })
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual(
      received.map(({ Value }) => Value),
      [2],
    )
  })

  it('refuses a metric with more dimensions than CloudWatch takes, when it is made', async () => {
    const { metrics } = setup()
    const labels = Array.from({ length: 31 }, (_, at) => `l${at}`)
    for (const kind of ['counter', 'gauge', 'histogram', 'summary'] as const)
      assert.throws(() => metrics[kind]({ name: kind, labels }), /CloudWatch takes 30 dimensions at most/)
    await metrics[Symbol.asyncDispose]()
  })
})
