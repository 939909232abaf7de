import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { News } from './news.ts'

describe('News', () => {
  it('comes to all who wait for it, and to none who come later', async () => {
    const clock = manualClock()
    const news = new News()
    using ctx = rootContext({ clock })
    let heard = 0
    const waits = [news.next(ctx), news.next(ctx)].map((each) => each.then(() => heard++))
    news.tell()
    await Promise.all(waits)
    assert.equal(heard, 2)
    void news.next(ctx).then(() => heard++)
    await clock.advance(0)
    assert.equal(heard, 2)
  })

  it('is waited for no longer than the call goes on', async () => {
    const clock = manualClock()
    const news = new News()
    using ctx = rootContext({ clock })
    using hasty = ctx.withTimeout(10)
    const late = assert.rejects(news.next(hasty), { code: 'deadline_exceeded' })
    await clock.advance(10)
    await late
    news.tell()
    assert.equal(clock.pending, 0)
  })
})
