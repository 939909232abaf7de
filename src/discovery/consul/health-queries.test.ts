import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedAgent } from '../../../test/discovery/scripted-agent.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { Pace } from '../pace.ts'
import { checkedConsul } from './connection.ts'
import { healthQueries } from './health-queries.ts'

// What is asked in the course of a lookup is looked at with the instancer.
describe('healthQueries', { timeout: 10_000 }, () => {
  it('asks first for all, then waits for a change, and ends with its signal', async () => {
    await using agent = await ScriptedAgent.open()
    const clock = manualClock()
    const stop = new AbortController()
    const query = { service: 'add', tags: [], path: '/v1/x?passing=1', waitMs: 60_000, timeoutMs: 5_000 }
    const source = healthQueries(checkedConsul({ url: agent.url, clock }), { ...query, pace: new Pace(1_000, 5) })
    const sets = source(stop.signal)[Symbol.asyncIterator]()
    const first = sets.next()
    const asked = await agent.next()
    assert.equal(asked.line, 'GET /v1/x?passing=1')
    asked.answerAt(7, [])
    assert.deepEqual((await first).value, [])
    const next = assert.rejects(sets.next(), { code: 'canceled' })
    const waiting = await agent.next()
    assert.equal(waiting.line, 'GET /v1/x?passing=1&index=7&wait=60000ms')
    stop.abort()
    await next
    await waiting.gone
    assert.equal(clock.pending, 0)
  })
})
