// Tests of influx.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InfluxReceiver, refuse } from '../../../test/platform/influx-receiver.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { PushFailed } from '../push.ts'
import { registry } from '../registry.ts'
import { influx } from './influx.ts'

describe('influx', { timeout: 10_000 }, () => {
  it('sends at intervals, and what is left at the end', async () => {
    await using receiver = await InfluxReceiver.open()
    const clock = manualClock()
    const kept = registry()
    const metrics = influx({
      ...{ url: receiver.url, database: 'test', registry: kept, clock },
      ...{ intervalMs: 1_000, jitterRatio: 0, tags: { host: 'h1' }, random: () => 0 },
    })
    kept.counter({ name: 'elsewhere' }).add(2)
    await clock.advance(1_000)
    await eventually(() => metrics.stats.sent === 1)
    metrics.counter({ name: 'elsewhere' }).add(3)
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual(
      receiver.written.map(({ text }) => text),
      ['elsewhere,host=h1 value=2 1767225601000000001\n', 'elsewhere,host=h1 value=3 1767225601000000002\n'],
    )
    assert.equal(clock.pending, 0)
    await metrics.flush()
    assert.equal(receiver.written.length, 2)
  })

  it('tells what goes wrong, and closes all the same', async () => {
    await using receiver = await InfluxReceiver.open()
    receiver.answer = (_, response) => refuse(response, 404, 'database not found: "test"')
    const failed = recorder<PushFailed>()
    const metrics = influx({ url: receiver.url, database: 'test', onError: failed })
    metrics.counter({ name: 'calls' }).add()
    await metrics.flush()
    assert.match(String(failed.events[0]?.error), /answered 404: .*database not found/)
    assert.equal(metrics.stats.lastError, failed.events[0]?.error)
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual([failed.events.length, metrics.stats.dropped], [2, 1])
  })

  it('gives up at the end on a server that never answers', async () => {
    await using receiver = await InfluxReceiver.open()
    receiver.answer = () => new Promise<boolean>(() => {})
    const clock = manualClock()
    const metrics = influx({ url: receiver.url, database: 'test', clock })
    metrics.counter({ name: 'calls' }).add()
    const closing = metrics[Symbol.asyncDispose]()
    await eventually(() => receiver.written.length === 1)
    await clock.advance(5_000)
    await closing
    assert.deepEqual([metrics.stats.dropped, clock.pending], [1, 0])
  })

  it('asks the next server when one is not there', async () => {
    await using receiver = await InfluxReceiver.open()
    const gone = await InfluxReceiver.open()
    const { url } = gone
    await gone[Symbol.asyncDispose]()
    await using metrics = influx({ url: [url, receiver.url], bucket: 'b', token: () => 't' })
    metrics.counter({ name: 'calls' }).add()
    await metrics.flush()
    assert.equal(receiver.written[0]?.headers.authorization, 'Token t')
    assert.equal(metrics.stats.lastError, undefined)
  })
})
