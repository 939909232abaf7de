// Tests of within.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { within } from './within.ts'

const late = () => new Error('too late')

describe('within', () => {
  it('gives what the promise gives, and leaves no timer', async () => {
    const clock = manualClock()
    assert.equal(await within(Promise.resolve(7), { clock, limitMs: 10, late }), 7)
    await assert.rejects(within(Promise.reject(new Error('failed')), { clock, limitMs: 10, late }), /failed/)
    assert.equal(clock.pending, 0)
  })

  it('rejects at the limit, and lets a late failure go unheard', async () => {
    const clock = manualClock()
    const slow = Promise.withResolvers<void>()
    const waiting = assert.rejects(within(slow.promise, { clock, limitMs: 10, late }), /too late/)
    await clock.advance(10)
    await waiting
    slow.reject(new Error('failed'))
    await clock.settle()
    assert.equal(clock.pending, 0)
  })

  it('holds the process unless told otherwise', async (t) => {
    const clock = manualClock()
    const scheduled = t.mock.method(clock, 'schedule')
    await within(Promise.resolve(), { clock, limitMs: 10, late })
    await within(Promise.resolve(), { clock, limitMs: 10, late, background: true })
    assert.deepEqual(
      scheduled.mock.calls.map(({ arguments: [, , options] }) => options?.background ?? false),
      [false, true],
    )
  })
})
