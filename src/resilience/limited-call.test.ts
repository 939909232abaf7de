import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { LimitedCall } from './limited-call.ts'

describe('LimitedCall', () => {
  it('settles with what comes first, once, and lets go of everything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          limitMs: fc.integer({ min: 1, max: 10 }),
          deadlineMs: fc.integer({ min: 0, max: 10 }),
          cancelMs: fc.integer({ min: 0, max: 10 }),
          answerMs: fc.integer({ min: 0, max: 10 }),
          ignoresAbort: fc.boolean(),
          fails: fc.boolean(),
        }),
        async ({ limitMs, deadlineMs, cancelMs, answerMs, ignoresAbort, fails }) => {
          const clock = manualClock()
          // Halves and quarters keep two things from happening at one moment.
          const ctx = rootContext({ clock, deadlineAt: deadlineMs + 0.5 })
          clock.schedule(cancelMs + 0.25, () => ctx.cancel())
          const seen: string[] = []
          const owner = { timedOut: () => void seen.push('timed out'), late: () => void seen.push('late') }
          const answer = fails ? { error: new ServiceError('internal') } : { response: 'a' }
          const ended = new Promise<string>((resolve, reject) => {
            const call = new LimitedCall<string>(owner, ctx, limitMs, resolve, reject)
            call.run(scriptedEndpoint([{ delayMs: answerMs + 0.75, ignoresAbort, ...answer }]), 'r')
          }).catch((thrown: ServiceError) => thrown.code)
          await clock.advance(20)
          const ends = [
            [limitMs, 'deadline_exceeded'],
            [deadlineMs + 0.5, 'deadline_exceeded'],
            [cancelMs + 0.25, 'canceled'],
            [answerMs + 0.75, fails ? 'internal' : 'a'],
          ] as const
          const [first] = ends.toSorted(([a], [b]) => a - b)
          assert.equal(await ended, first?.[1])
          // The deadline of the caller counts as the limit where the two are a moment apart.
          const isLimit = first === ends[0] || (first === ends[1] && limitMs <= deadlineMs + 5.5)
          assert.equal(seen.includes('timed out'), isLimit)
          assert.equal(seen.includes('late'), first !== ends[3] && ignoresAbort && !fails)
          assert.equal(clock.pending, 0)
        },
      ),
    )
  })
})
