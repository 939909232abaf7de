import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { TokenBucket } from './token-bucket.ts'
import { TokenQueues } from './token-queues.ts'

const rate = { perSecond: 1, burst: 2 }

describe('TokenQueues', () => {
  it('has a bucket for each key', () => {
    const queues = new TokenQueues(10, rate)
    assert.equal(queues.of('a', 0).take(0, 2), true)
    assert.equal(queues.of('a', 0).take(0, 1), false)
    assert.equal(queues.of('b', 0).take(0, 1), true)
    assert.equal(queues.size, 2)
  })

  it('forgets a full bucket before one that is not', () => {
    const queues = new TokenQueues(3, rate)
    queues.of('used', 0).take(0, 2)
    queues.of('full again', 0).take(0, 1)
    queues.of('used too', 0).take(0, 2)
    queues.of('new', 1_000)
    assert.equal(queues.size, 3)
    assert.deepEqual(
      ['used', 'used too'].map((key) => queues.of(key, 1_000).take(1_000, 2)),
      [false, false],
    )
  })

  it('never has more keys than it may, and looks at few of them for a new one', (t) => {
    const queues = new TokenQueues(1_000, rate)
    const looks = t.mock.method(TokenBucket.prototype, 'tokens').mock
    const keys = 20_000
    for (let key = 0; key < keys; key++) queues.of(String(key), 0).take(0, 1)
    assert.equal(queues.size, 1_000)
    // One is the taking itself.
    assert.ok(looks.callCount() <= 17 * keys, `${looks.callCount()} looks`)
  })

  it('keeps the queue of a key in which somebody waits, and changes it too', async () => {
    const queues = new TokenQueues(1, rate)
    const clock = manualClock()
    const queue = queues.of('a', 0)
    queue.take(0, 2)
    let letIn = 0
    const call = { weight: 1, latestAt: Infinity, letIn: () => void letIn++, refuse() {}, leave() {} }
    queue.add({ ctx: rootContext({ clock }), ...call })
    queues.of('b', 0)
    assert.deepEqual([queues.size, queues.waiting], [1, 1])
    queues.change(0, { perSecond: 100, burst: 2 })
    assert.equal(clock.nextAt, 10)
    assert.equal(queues.of('a', 0), queue)
    await clock.advance(10)
    assert.deepEqual([letIn, queues.waiting], [1, 0])
    queues.of('b', 0)
    assert.notEqual(queues.of('a', 0), queue)
    assert.equal(queues.of('c', 0).bucket.perSecond, 100)
  })
})
