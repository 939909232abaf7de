import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRedis } from '../../../test/resilience/played-redis.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { StoreErrorEvent } from '../policy.ts'
import type { LeaseGrant, LeaseRequest } from './lease-request.ts'
import { LeaseStore } from './lease-store.ts'

const keys = ['{k}', '{k}:processes']
const request: LeaseRequest = {
  perSecond: 10,
  burst: 10,
  member: 'me',
  ask: 4,
  returned: 0,
  credit: 0,
  aheadMs: 100,
  isKnown: false,
  isLeaving: false,
}

function stored() {
  const clock = manualClock()
  const redis = new PlayedRedis(clock)
  const onError = recorder<StoreErrorEvent>()
  const late = recorder<LeaseGrant>()
  const delayMs = (failures: number) => 250 * 2 ** failures
  const store = new LeaseStore({ client: redis.send, timeoutMs: 100, delayMs, onError })
  return { clock, redis, store, onError, late, ask: () => store.ask(keys, request, clock, late) }
}

describe('LeaseStore', () => {
  it('brings what was granted, and says a script that nobody knows', async () => {
    const { ask, redis, clock, store } = stored()
    assert.equal((await ask())?.now, 4)
    assert.equal((await ask())?.now, 4)
    assert.deepEqual(redis.commands, ['EVALSHA', 'EVAL', 'EVALSHA'])
    assert.deepEqual([store.trips, store.failures, clock.pending], [2, 0, 0])
  })

  it('waits no longer than it may, and hands over what comes late', async () => {
    const { ask, redis, clock, store, onError, late } = stored()
    redis.latencyMs = 150
    const asked = ask()
    await clock.advance(100)
    assert.equal(await asked, undefined)
    assert.match(String(onError.events[0]?.error), /did not answer within 100ms/)
    assert.equal(store.failures, 1)
    await clock.advance(1_000)
    assert.deepEqual(
      late.events.map((grant) => grant.now),
      [4],
    )
  })

  it('is closed after a failure, longer each time, and then lets one trip try', async () => {
    const { ask, redis, clock, store } = stored()
    redis.state = 'refuses'
    for (const delayMs of [250, 500, 1_000]) {
      await ask()
      assert.equal(store.isOpen(clock.now() + delayMs - 1), false)
      await clock.advance(delayMs)
      assert.equal(store.isOpen(clock.now()), true)
    }
    redis.state = 'hangs'
    const asked = ask()
    assert.equal(store.isOpen(clock.now()), false, 'one is under way')
    await clock.advance(100)
    await asked
    redis.state = 'up'
    await clock.advance(2_000)
    await ask()
    assert.deepEqual([store.failures, store.isOpen(clock.now())], [0, true])
  })

  it('counts trips that fail together as one failure', async () => {
    const { ask, redis, clock, store, onError } = stored()
    redis.state = 'hangs'
    const asked = [ask(), ask(), ask()]
    await clock.advance(100)
    await Promise.all(asked)
    assert.deepEqual([store.failures, onError.events.length], [1, 1])
  })

  it('has no more than 200 trips under way', async () => {
    const { ask, redis, clock, store } = stored()
    redis.state = 'hangs'
    const asked = Array.from({ length: 200 }, ask)
    assert.equal(store.isOpen(clock.now()), false)
    const settled = store.settled()
    await clock.advance(100)
    await Promise.all(asked)
    await settled
    assert.equal(clock.pending, 0)
  })

  it('takes an answer that is none for a failure', async () => {
    const clock = manualClock()
    const store = new LeaseStore({ client: async () => 'OK', timeoutMs: 100, delayMs: () => 1, onError: undefined })
    assert.equal(await store.ask(keys, request, clock, () => {}), undefined)
    assert.equal(store.failures, 1)
  })
})
