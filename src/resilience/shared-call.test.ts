import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { markRemote, ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type Shareable, SharedCalls } from './shared-call.ts'

function setUp(steps: Parameters<typeof scriptedEndpoint<string, string>>[0] = [{ delayMs: 10, response: 'r' }]) {
  const clock = manualClock()
  const next = scriptedEndpoint<string, string>(steps)
  const told: unknown[] = []
  const calls = new SharedCalls<string, string>({
    onAnswer: (key, response, ctx, startedAt) => told.push([key, response, ctx.clock.now() - startedAt]),
    onFailure: (key, thrown) => told.push([key, (thrown as ServiceError).code]),
  })
  const wanted = (timeoutMs = Infinity, request = 'q'): Shareable<string, string> => ({
    key: 'k',
    request,
    ctx: rootContext({ clock, deadlineAt: clock.now() + timeoutMs }),
    next,
  })
  return { clock, next, told, calls, wanted }
}

const isCode = (code: string) => (thrown: unknown) => thrown instanceof ServiceError && thrown.code === code

describe('SharedCalls', () => {
  it('makes one call for all who ask meanwhile, and tells its keeper once', async () => {
    const { clock, next, told, calls, wanted } = setUp()
    const answers = [calls.join(wanted()), calls.join(wanted(50, 'other')), calls.join(wanted())]
    assert.deepEqual([calls.inFlight, calls.waiting, calls.waitingFor('k'), calls.waitingFor('x')], [1, 3, 3, 0])
    await clock.advance(10)
    assert.deepEqual(await Promise.all(answers), ['r', 'r', 'r'])
    assert.deepEqual(
      next.calls.map(({ request }) => request),
      ['q'],
    )
    assert.deepEqual(told, [['k', 'r', 10]])
    assert.deepEqual([calls.inFlight, calls.waiting, clock.pending], [0, 0, 0])
  })

  it('makes another call once the first one has ended', async () => {
    const { clock, next, calls, wanted } = setUp()
    calls.join(wanted())
    await clock.advance(10)
    calls.join(wanted())
    await clock.advance(10)
    assert.equal(next.calls.length, 2)
  })

  it('gives those who have time left another call, together, with the latest of their deadlines', async () => {
    const { clock, next, told, calls, wanted } = setUp([{ hangs: true }, { delayMs: 30, response: 'second' }])
    const first = assert.rejects(calls.join(wanted(20, 'a')), isCode('deadline_exceeded'))
    const others = [calls.join(wanted(60, 'b')), calls.join(wanted(90, 'c'))]
    await clock.advance(20)
    await first
    assert.deepEqual(
      next.calls.map(({ ctx }) => [ctx.deadlineAt, ctx.aborted]),
      [
        [20, true],
        [90, false],
      ],
    )
    await clock.advance(30)
    assert.deepEqual(await Promise.all(others), ['second', 'second'])
    assert.deepEqual(told, [
      ['k', 'deadline_exceeded'],
      ['k', 'second', 30],
    ])
    assert.equal(clock.pending, 0)
  })

  it('gives no other call to those who take any end', async () => {
    const { clock, next, calls, wanted } = setUp([{ hangs: true }])
    const ends = [calls.join(wanted(20), true), calls.join(wanted(60), true)].map((answer) =>
      assert.rejects(answer, isCode('deadline_exceeded')),
    )
    await clock.advance(20)
    await Promise.all(ends)
    assert.deepEqual([next.calls.length, calls.inFlight, clock.pending], [1, 0, 0])
  })

  it('calls nobody for a caller that has left before', async () => {
    const { next, calls, wanted } = setUp()
    const shareable = wanted()
    ;(shareable.ctx as ReturnType<typeof rootContext>).cancel('gone')
    await assert.rejects(calls.join(shareable), isCode('canceled'))
    assert.equal(next.calls.length, 0)
  })

  it('goes on without callers where it was begun without', async () => {
    const { clock, told, calls, wanted } = setUp()
    assert.equal(calls.refresh(wanted(), 100), true)
    assert.equal(calls.refresh(wanted(), 100), false)
    const left = assert.rejects(calls.join(wanted(5)), isCode('deadline_exceeded'))
    await clock.advance(10)
    await left
    assert.deepEqual(told, [['k', 'r', 10]])
    assert.equal(clock.pending, 0)
  })

  it('ends a call that nobody waits for at its own deadline', async () => {
    const { clock, next, told, calls, wanted } = setUp([{ hangs: true }])
    calls.refresh(wanted(), 100)
    await clock.advance(100)
    assert.deepEqual(told, [['k', 'deadline_exceeded']])
    assert.equal(next.calls[0]?.ctx.aborted, true)
    assert.deepEqual([calls.inFlight, clock.pending], [0, 0])
  })

  it('says nothing more of a call that was forgotten, and begins another one', async () => {
    for (const forget of ['forget', 'clear'] as const) {
      const { clock, next, told, calls, wanted } = setUp([
        { delayMs: 10, response: 'old' },
        { delayMs: 10, response: 'new' },
      ])
      const before = calls.join(wanted())
      calls[forget]('k')
      const after = calls.join(wanted())
      await clock.advance(10)
      assert.deepEqual([await before, await after], ['old', 'new'])
      assert.deepEqual(told, [['k', 'new', 10]])
      assert.equal(next.calls.length, 2)
    }
  })

  it('calls a forgotten call off when its last caller has left', async () => {
    const { clock, next, told, calls, wanted } = setUp([{ hangs: true }])
    const left = assert.rejects(calls.join(wanted(5)), isCode('deadline_exceeded'))
    calls.forget('k')
    await clock.advance(5)
    await left
    assert.equal(next.calls[0]?.ctx.aborted, true)
    assert.deepEqual(told, [])
  })

  it('has an error marked as a copy, since all callers hold it', async () => {
    const error = ServiceError.fromJSON({ code: 'unavailable' })
    const { calls, wanted } = setUp([{ error }])
    await assert.rejects(calls.join(wanted()), (thrown) => thrown === error)
    assert.notEqual(markRemote(error, 'shop/price'), error)
    assert.equal(error.remote, undefined)
  })

  it('takes an endpoint that throws where it should promise', async () => {
    const { calls, wanted } = setUp()
    const next = () => {
      throw new RangeError('now')
    }
    await assert.rejects(calls.join({ ...wanted(), next }), /RangeError: now/)
    assert.equal(calls.inFlight, 0)
  })

  it('takes an endpoint that gives no promise, and is free for the next call of that key', async () => {
    const { calls, wanted } = setUp()
    const next = () => undefined as never
    await assert.rejects(calls.join({ ...wanted(), next }), TypeError)
    assert.equal(calls.inFlight, 0)
  })

  it('lets a call that waits for itself end at its deadline', async () => {
    const { clock, calls, wanted } = setUp()
    const own: Shareable<string, string> = {
      ...wanted(20),
      next: (request, ctx) => calls.join({ key: 'k', request, ctx, next: own.next }),
    }
    const end = assert.rejects(calls.join(own), isCode('deadline_exceeded'))
    await clock.advance(20)
    await end
    assert.deepEqual([calls.inFlight, clock.pending], [0, 0])
  })
})
