import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { Changes } from './changes.ts'

const { signal } = new AbortController()

describe('Changes', () => {
  it('gives what has changed, once', async () => {
    const clock = manualClock()
    const changes = new Changes(clock)
    changes.add('a')
    changes.add('b')
    changes.add('a')
    assert.deepEqual(await changes.take(1_000, signal), new Set(['a', 'b']))
    const next = changes.take(1_000, signal)
    await clock.advance(10)
    changes.add('c')
    assert.deepEqual(await next, new Set(['c']))
    assert.equal(clock.pending, 0)
  })

  it('says that anything may have changed when the moment has come', async () => {
    const clock = manualClock()
    const changes = new Changes(clock)
    const next = changes.take(1_000, signal)
    await clock.advance(1_000)
    assert.equal(await next, undefined)
    changes.add('a')
    assert.equal(await changes.take(1_000, signal), undefined)
    changes.add('b')
    assert.deepEqual(await changes.take(2_000, signal), new Set(['b']))
  })

  it('says so at once when that is known, or too much has changed', async () => {
    const clock = manualClock()
    const changes = new Changes(clock)
    changes.add('a')
    changes.add(undefined)
    assert.equal(await changes.take(1_000, signal), undefined)
    for (let name = 0; name < 1_001; name++) changes.add(`${name}`)
    assert.equal(await changes.take(1_000, signal), undefined)
    assert.equal(clock.pending, 0)
  })

  it('ends with its signal, and leaves nothing', async () => {
    const clock = manualClock()
    const changes = new Changes(clock)
    const stopping = new AbortController()
    const next = changes.take(1_000, stopping.signal)
    stopping.abort()
    await next
    await changes.take(1_000, stopping.signal)
    assert.equal(clock.pending, 0)
  })
})
