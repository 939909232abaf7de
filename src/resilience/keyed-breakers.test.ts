import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import type { Breaker } from './breaker.ts'
import { breakerSettings } from './breaker-settings.ts'
import { KeyedBreakers } from './keyed-breakers.ts'

function keyed(maxKeys: number) {
  const clock = manualClock()
  const settings = breakerSettings({ consecutiveFailures: 1, jitterRatio: 0 })
  const told: string[] = []
  const breakers = new KeyedBreakers({
    settings,
    maxKeys,
    clock,
    onChange: (key, { to }) => void told.push(`${key} ${to}`),
  })
  const keys = () => breakers.snapshots().map(({ key, state }) => `${key} ${state}`)
  return { clock, breakers, told, keys }
}

function fail(breaker: Breaker): void {
  breaker.record(breaker.ticket, 'failure', 0, 0)
}

describe('KeyedBreakers', () => {
  it('has one for each key, and says whose state changed', () => {
    const { breakers, told } = keyed(3)
    fail(breakers.of('a'))
    assert.equal(breakers.of('b').state, 'closed')
    assert.equal(breakers.of('a').state, 'open')
    assert.deepEqual(told, ['a open'])
  })

  it('never holds more than its limit, and lets those that are open go last', () => {
    const { breakers, keys } = keyed(3)
    fail(breakers.of('open'))
    for (let i = 0; i < 100; i++) breakers.of(`key${i}`)
    assert.deepEqual(keys().toSorted(), ['key98 closed', 'key99 closed', 'open open'])
    for (const key of ['x', 'y', 'z']) fail(breakers.of(key))
    assert.deepEqual(keys().toSorted(), ['x open', 'y open', 'z open'])
  })

  it('tells the state of a key without making room for it', () => {
    const { breakers, keys, told } = keyed(1)
    fail(breakers.of('a'))
    assert.deepEqual([breakers.stateOf('a'), breakers.stateOf('b'), keys().length], ['open', 'closed', 1])
    breakers.forceAll('disabled', undefined)
    told.length = 0
    assert.equal(breakers.stateOf('b'), 'disabled')
    assert.deepEqual(told, [])
  })

  it('forces all keys, those to come too, until that is taken back', () => {
    const { breakers, keys } = keyed(3)
    breakers.of('old')
    breakers.forceAll('open', 'moving')
    assert.equal(breakers.of('new').state, 'forced_open')
    assert.deepEqual(breakers.forced, { state: 'open', reason: 'moving' })
    breakers.forceAll(undefined, undefined)
    breakers.of('newer')
    assert.deepEqual(keys(), ['old closed', 'new closed', 'newer closed'])
  })

  it('goes on where others were, and leaves alone what they did not have', () => {
    const before = keyed(3)
    fail(before.breakers.of('a'))
    before.breakers.of('b').force('closed', 'trusted')
    const after = keyed(3)
    fail(after.breakers.of('c'))
    after.breakers.restore(before.breakers.snapshots(), { state: 'disabled', reason: undefined })
    assert.deepEqual(after.keys(), ['c open', 'a open', 'b forced_closed'])
    assert.equal(after.breakers.of('a').openForMs(0), 5_000)
    assert.equal(after.breakers.of('d').state, 'disabled')
  })

  it('keeps of what was forced elsewhere what it knows, and nothing else', () => {
    const { breakers } = keyed(3)
    breakers.restore([], { state: 'open', reason: { toString: null }, more: 1 } as never)
    assert.deepEqual(breakers.forced, { state: 'open', reason: undefined })
    assert.deepEqual([breakers.of('a').state, breakers.snapshots()[0]?.reason], ['forced_open', undefined])
    breakers.restore([], { state: 'closed', reason: 'an incident', more: 1 } as never)
    assert.deepEqual(breakers.forced, { state: 'closed', reason: 'an incident' })
    for (const nonsense of [{ state: 'shut' }, 'open', null]) {
      breakers.restore([], nonsense as never)
      assert.equal(breakers.forced, undefined)
    }
  })
})
