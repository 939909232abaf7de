import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { LimitedContext } from './limited-context.ts'

const late = () => new ServiceError('deadline_exceeded', 'late')

describe('LimitedContext', () => {
  it('ends at its limit', async () => {
    const clock = manualClock()
    using limited = new LimitedContext({ clock, signal: AbortSignal.any([]), limitMs: 10, late })
    await clock.advance(9)
    assert.equal(limited.ctx.aborted, false)
    await clock.advance(1)
    assert.equal((limited.ctx.cause as Error).message, 'late')
  })

  it('ends with its signal, also one that was aborted before', () => {
    for (const isBefore of [true, false]) {
      const stop = new AbortController()
      if (isBefore) stop.abort(new Error('enough'))
      using limited = new LimitedContext({ clock: manualClock(), signal: stop.signal, limitMs: Infinity, late })
      stop.abort(new Error('enough'))
      assert.equal((limited.ctx.cause as Error).message, 'enough')
    }
  })

  it('goes on without a limit, and leaves no timer', async () => {
    const clock = manualClock()
    using limited = new LimitedContext({ clock, signal: AbortSignal.any([]), limitMs: 10, late })
    limited.unlimit()
    await clock.advance(100)
    assert.equal(limited.ctx.aborted, false)
    assert.equal(clock.pending, 0)
  })
})
