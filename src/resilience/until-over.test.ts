import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { untilOver } from './until-over.ts'

const never = () => new Promise<never>(() => {})

describe('untilOver', () => {
  it('gives what comes in time, and leaves no timer', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock, deadlineAt: 100 })
    assert.equal(await untilOver(ctx, async () => 'done'), 'done')
    await assert.rejects(
      untilOver(ctx, () => Promise.reject(new Error('broken'))),
      /broken/,
    )
    await assert.rejects(
      untilOver(ctx, () => {
        throw new Error('at once')
      }),
      /at once/,
    )
    assert.equal(clock.pending, 0)
  })

  it('rejects at the deadline and when the call is called off, whatever comes then', async () => {
    const clock = manualClock()
    const late = untilOver(rootContext({ clock, deadlineAt: 100 }), never)
    const rejected = assert.rejects(late, { code: 'deadline_exceeded' })
    await clock.advance(100)
    await rejected

    const ctx = rootContext({ clock })
    const gate = Promise.withResolvers<string>()
    const off = untilOver(ctx, () => gate.promise)
    ctx.cancel(new ServiceError('aborted', 'not any more'))
    gate.reject(new Error('too late for anybody'))
    await assert.rejects(off, { code: 'aborted' })
  })

  it('begins nothing for a call that is over', async () => {
    const clock = manualClock({ startAt: 200 })
    const ctx = rootContext({ clock })
    ctx.cancel()
    for (const over of [ctx, rootContext({ clock, deadlineAt: 100 })]) {
      let begun = false
      const waiting = untilOver(over, async () => {
        begun = true
      })
      await assert.rejects(waiting, ServiceError)
      assert.equal(begun, false)
    }
    assert.equal(clock.pending, 0)
  })
})
