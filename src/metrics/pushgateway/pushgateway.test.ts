// Tests of pushgateway.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { prometheus } from '../prometheus/prometheus.ts'
import type { PushFailed } from '../push.ts'
import { pushgateway } from './pushgateway.ts'

describe('pushgateway', { timeout: 10_000 }, () => {
  it('pushes once, at the end', async () => {
    await using gateway = await ScriptedAgent.open()
    const clock = manualClock()
    const metrics = pushgateway({ url: gateway.url, job: 'nightly', clock })
    metrics
      .counter({ name: 'orders_total', labels: ['country'] })
      .with({ country: 'fr' })
      .add(2)
    metrics.gauge({ name: 'done_at' }).set(7)
    assert.equal(clock.pending, 0)
    const closing = metrics[Symbol.asyncDispose]()
    const asked = await gateway.next()
    asked.answer(200)
    await closing
    assert.match(asked.body, /^orders_total\{country="fr"\} 2$/m)
    assert.deepEqual(metrics.stats, { pushes: 1, lastError: undefined })
    assert.deepEqual([gateway.asked.length, clock.pending], [1, 0])
    await metrics.flush()
    assert.equal(gateway.asked.length, 1)
  })

  it('pushes at intervals what a page has that is handed in', async () => {
    await using gateway = await ScriptedAgent.open()
    const clock = manualClock()
    const page = prometheus()
    page.gauge({ name: 'elsewhere' }).set(4)
    const metrics = pushgateway({
      ...{ url: gateway.url, job: 'nightly', metrics: page, clock },
      ...{ intervalMs: 1_000, jitterRatio: 0, deleteOnClose: true },
    })
    await clock.advance(1_000)
    const asked = await gateway.next()
    asked.answer(200)
    assert.match(asked.body, /^elsewhere 4$/m)
    const closing = metrics[Symbol.asyncDispose]()
    const last = await gateway.next()
    last.answer(202)
    await closing
    assert.equal(last.method, 'DELETE')
  })

  it('throws nothing where there is no gateway, and ends in its time', async () => {
    const gateway = await ScriptedAgent.open()
    const { url } = gateway
    await gateway[Symbol.asyncDispose]()
    const failed = recorder<PushFailed>()
    const metrics = pushgateway({ url, job: 'nightly', timeoutMs: 1, onError: failed })
    await metrics.flush()
    assert.match(String(metrics.stats.lastError), /connection refused|called off|within/)
    await metrics[Symbol.asyncDispose]()
    assert.equal(failed.events.length, 2)
    assert.equal(metrics.stats.pushes, 0)
  })
})
