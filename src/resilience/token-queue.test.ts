import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CancelableContext, rootContext } from '../core/context.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { TokenBucket, type TokenRate } from './token-bucket.ts'
import { TokenQueue } from './token-queue.ts'

/** An empty bucket with a queue, and calls with a name that note what became of them. */
function waitingLine({ perSecond = 10, burst = 3 }: Partial<TokenRate> = {}) {
  const clock = manualClock()
  const noted: string[] = []
  const queue = new TokenQueue(new TokenBucket({ perSecond, burst }))
  queue.take(0, burst)
  const add = (name: string, weight = 1, latestAt = Infinity): CancelableContext => {
    const ctx = rootContext({ clock })
    queue.add({
      ctx,
      weight,
      latestAt,
      letIn: () => void noted.push(`${name} in at ${clock.now()}`),
      refuse: (waitMs) => void noted.push(`${name} refused for ${waitMs}`),
      leave: (error) => void noted.push(`${name} left: ${error.code}`),
    })
    return ctx
  }
  return { clock, noted, queue, add }
}

describe('TokenQueue', () => {
  it('lets in one after the other, at the moment at which its tokens have come, with one timer', async () => {
    const { clock, noted, queue, add } = waitingLine()
    add('a', 2)
    add('b')
    add('c', 3)
    assert.deepEqual([queue.length, clock.pending, clock.nextAt], [3, 1, 200])
    await clock.advance(1_000)
    assert.deepEqual(noted, ['a in at 200', 'b in at 300', 'c in at 600'])
    assert.deepEqual([queue.length, clock.pending, queue.bucket.tokens(600)], [0, 0, 0])
  })

  it('has a newcomer wait behind those who wait, even when there are tokens for it', () => {
    const { queue, add } = waitingLine()
    add('heavy', 3)
    assert.equal(queue.take(200, 1), false)
    assert.deepEqual([queue.waitMs(200, 1), queue.waitMs(200, 3), queue.waitMs(200, 4)], [200, 400, Infinity])
  })

  it('loses no tokens to a late timer', () => {
    const { noted, queue, add } = waitingLine({ burst: 1 })
    for (const name of ['a', 'b', 'c']) add(name)
    // The timer would have run at 100, 200 and 300, each time for one token of a bucket that holds one.
    assert.equal(queue.take(350, 1), false)
    assert.equal(noted.length, 3)
    assert.equal(queue.take(400, 1), true)
  })

  it('has those behind move up when one leaves, and lets go of timer and listeners', async () => {
    const { clock, noted, add } = waitingLine()
    const first = add('a', 3)
    const second = add('b')
    add('c')
    await clock.advance(50)
    second.cancel()
    first.cancel()
    assert.equal(clock.nextAt, 100)
    await clock.advance(100)
    assert.deepEqual(noted, ['b left: canceled', 'a left: canceled', 'c in at 100'])
    assert.equal(clock.pending, 0)
  })

  it('lets in at once who was only kept by a heavier one that leaves', async () => {
    const { clock, noted, add } = waitingLine()
    const heavy = add('heavy', 3)
    add('light')
    await clock.advance(150)
    heavy.cancel()
    assert.deepEqual(noted, ['heavy left: canceled', 'light in at 150'])
    assert.equal(clock.pending, 0)
  })

  it('does not keep a call that was called off already', () => {
    const { clock, noted, queue } = waitingLine()
    const ctx = rootContext({ clock })
    ctx.cancel()
    const leave = () => void noted.push('left')
    queue.add({ ctx, weight: 1, latestAt: Infinity, letIn: () => assert.fail(), refuse: () => assert.fail(), leave })
    assert.deepEqual([noted, queue.length, clock.pending], [['left'], 0, 0])
  })

  it('keeps the time of a change: faster ones go earlier, and whose turn comes too late now is refused', async () => {
    const { clock, noted, queue, add } = waitingLine()
    add('a', 2, 400)
    add('b', 1, 400)
    add('c', 1, 2_000)
    queue.change(0, { perSecond: 20 })
    assert.equal(clock.nextAt, 100)
    // At 5 a second a is in time at 400, b is not at 600, and so c comes in its place.
    queue.change(0, { perSecond: 5 })
    assert.deepEqual(noted, ['b refused for 600'])
    await clock.advance(1_000)
    assert.deepEqual(noted.slice(1), ['a in at 400', 'c in at 600'])
  })

  it('refuses who weighs more than a new burst, and all when no token comes any more', () => {
    const { clock, noted, queue, add } = waitingLine()
    add('a', 3)
    add('b', 2)
    queue.change(0, { burst: 2 })
    assert.deepEqual(noted, ['a refused for Infinity'])
    assert.equal(clock.nextAt, 200)
    queue.change(0, { perSecond: 0 })
    assert.deepEqual(noted.slice(1), ['b refused for Infinity'])
    assert.equal(clock.pending, 0)
  })

  it('lets all in when there is no limit any more', () => {
    const { clock, noted, queue, add } = waitingLine()
    add('a', 3)
    add('b', 2)
    queue.change(10, { perSecond: Infinity })
    assert.deepEqual([noted.length, queue.length, clock.pending], [2, 0, 0])
  })

  it('survives one that brings another call, or a change, when it is let in', async () => {
    const { clock, noted, queue, add } = waitingLine()
    queue.add({
      ctx: rootContext({ clock }),
      weight: 1,
      latestAt: Infinity,
      letIn: () => {
        add('new')
        queue.change(clock.now(), { perSecond: 100 })
      },
      refuse: () => assert.fail(),
      leave: () => assert.fail(),
    })
    add('next')
    await clock.advance(1_000)
    assert.deepEqual(noted, ['next in at 110', 'new in at 120'])
    assert.equal(clock.pending, 0)
  })

  it('tells who joins and who is gone', () => {
    const told: string[] = []
    const clock = manualClock()
    const queue: TokenQueue = new TokenQueue(new TokenBucket({ perSecond: 1, burst: 1 }), 'tenant', {
      onJoin: ({ key, length }) => void told.push(`${key} +${length}`),
      onGone: ({ key, length }) => void told.push(`${key} -${length}`),
    })
    queue.take(0, 1)
    const ctx = rootContext({ clock })
    queue.add({ ctx, weight: 1, latestAt: Infinity, letIn() {}, refuse() {}, leave() {} })
    ctx.cancel()
    assert.deepEqual(told, ['tenant +1', 'tenant -0'])
  })
})
