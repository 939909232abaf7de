// Tests of drop-notice.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { DropNotice } from './drop-notice.ts'
import type { LinesDropped } from './line-stream.ts'

function watched() {
  const clock = manualClock()
  const drops = recorder<LinesDropped>()
  const count = { dropped: 0 }
  return { clock, drops, count, notice: new DropNotice(() => count.dropped, drops, clock) }
}

describe('DropNotice', () => {
  it('tells once a second what was dropped in it', async () => {
    const { clock, drops, count, notice } = watched()
    for (let n = 0; n < 25; n++) {
      count.dropped++
      notice.look()
      await clock.advance(100)
    }
    assert.deepEqual(drops.events, [
      { count: 10, total: 10 },
      { count: 10, total: 20 },
    ])
    await clock.advance(1_000)
    assert.deepEqual(drops.events.at(-1), { count: 5, total: 25 })
    assert.equal(clock.pending, 0)
  })

  it('does nothing while nothing is dropped', async () => {
    const { clock, drops, notice } = watched()
    notice.look()
    notice.tell()
    assert.equal(clock.pending, 0)
    assert.deepEqual(drops.events, [])
  })

  it('tells at once when it is told to, and not again', async () => {
    const { clock, drops, count, notice } = watched()
    count.dropped = 3
    notice.look()
    notice.tell()
    assert.deepEqual(drops.events, [{ count: 3, total: 3 }])
    assert.equal(clock.pending, 0)
    await clock.advance(5_000)
    assert.equal(drops.events.length, 1)
  })

  it('sets no timer where nobody listens', () => {
    const clock = manualClock()
    new DropNotice(() => 1, undefined, clock).look()
    assert.equal(clock.pending, 0)
  })
})
