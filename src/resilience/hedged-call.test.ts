import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { HedgedCall } from './hedged-call.ts'

describe('HedgedCall', () => {
  it('gives the earliest response, else the last error, and lets go of everything', async () => {
    const attempt = fc.record({
      afterMs: fc.integer({ min: 0, max: 40 }),
      fails: fc.boolean(),
      ignoresAbort: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(attempt, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 60 }),
        async (attempts, delayMs, cancelMs) => {
          const clock = manualClock()
          const ctx = rootContext({ clock })
          clock.schedule(cancelMs + 0.5, () => ctx.cancel())
          const endpoint = scriptedEndpoint(
            attempts.map(({ afterMs, fails, ignoresAbort }, index) => ({
              // A fraction of its own for each keeps two from ending at one moment.
              delayMs: afterMs + 0.1 * (index + 1),
              ignoresAbort,
              ...(fails ? { error: new ServiceError('internal', `${index}`) } : { response: `${index}` }),
            })),
          )
          const owner = { most: 2, take: () => true, hedged() {}, ended() {} }
          const ended = new Promise<string>((resolve, reject) => {
            new HedgedCall(
              { owner, next: endpoint, request: '', ctx, delayMs, latencies: undefined },
              resolve,
              reject,
            ).run()
          }).catch((thrown: ServiceError) => `${thrown.code} ${thrown.message}`)
          await clock.advance(200)
          assert.equal(await ended, expected(attempts, delayMs, cancelMs))
          assert.equal(clock.pending, 0)
        },
      ),
    )
  })
})

/** The rule, attempt by attempt: one begins while there is neither a response nor nothing left to wait for. */
function expected(
  attempts: readonly { readonly afterMs: number; readonly fails: boolean }[],
  delayMs: number,
  cancelMs: number,
): string {
  const ends = attempts.map(({ afterMs, fails }, index) => ({
    at: index * delayMs + afterMs + 0.1 * (index + 1),
    fails,
    index,
  }))
  let begun = ends.slice(0, 1)
  for (const next of ends.slice(1)) {
    const beginsAt = next.index * delayMs
    const isAnswered = begun.some(({ at, fails }) => !fails && at < beginsAt)
    const isOver = begun.every(({ at }) => at < beginsAt)
    if (isAnswered || isOver || begun.length < next.index) break
    begun = [...begun, next]
  }
  const sorted = begun.toSorted((a, b) => a.at - b.at)
  const end = sorted.find(({ fails }) => !fails) ?? sorted.at(-1)
  if (end === undefined || end.at > cancelMs + 0.5) return 'canceled the call was canceled'
  return end.fails ? `internal ${end.index}` : `${end.index}`
}
