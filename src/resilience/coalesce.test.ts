// Tests of coalesce.ts; that calls are shared at all is tested with shared-call.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CancelableContext, type Context, rootContext } from '../core/context.ts'
import { contextKey } from '../core/context-key.ts'
import { ServiceError } from '../core/errors.ts'
import { criticality } from '../core/inbound.ts'
import { noMethod } from '../core/method.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { coalesce, type JoinEvent } from './coalesce.ts'

const isCode = (code: string) => (thrown: unknown) => thrown instanceof ServiceError && thrown.code === code

function setUp(steps: Parameters<typeof scriptedEndpoint<string, string>>[0] = [{ delayMs: 10, response: 'r' }]) {
  const clock = manualClock()
  const next = scriptedEndpoint<string, string>(steps)
  const joins: JoinEvent[] = []
  const policy = coalesce<string, string>({ key: (request) => request, onJoin: (event) => joins.push(event) })
  return { clock, next, joins, policy, call: policy(next) }
}

describe('coalesce', () => {
  it('makes one call for ten thousand that are equal', async () => {
    const { clock, next, policy, call } = setUp()
    const ctx = rootContext({ clock })
    const answers = Array.from({ length: 10_000 }, () => call('q', ctx))
    assert.deepEqual(policy.snapshot(), { inFlight: 1, waiting: 10_000, begun: 1, joined: 9_999 })
    await clock.advance(10)
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['r']))
    assert.equal(next.calls.length, 1)
    assert.deepEqual(policy.snapshot(), { inFlight: 0, waiting: 0, begun: 1, joined: 9_999 })
  })

  it('keeps calls of other keys apart, and those without a key alone', async () => {
    const clock = manualClock()
    const next = scriptedEndpoint<string, string>([{ delayMs: 10, response: 'r' }])
    const call = coalesce<string, string>({ key: (request) => (request === 'alone' ? undefined : request) })(next)
    const ctx = rootContext({ clock })
    for (const request of ['a', 'b', 'a', 'alone', 'alone']) call(request, ctx)
    await clock.advance(10)
    assert.deepEqual(
      next.calls.map(({ request }) => request),
      ['a', 'b', 'alone', 'alone'],
    )
  })

  it('does not cancel the others when one caller leaves, and does when the last one has left', async () => {
    const { clock, next, call } = setUp([{ hangs: true }])
    const [one, other] = [rootContext({ clock }), rootContext({ clock })]
    const ends = [one, other].map((ctx) => assert.rejects(call('q', ctx), isCode('canceled')))
    const shared = next.calls[0]?.ctx as Context
    one.cancel()
    await ends[0]
    assert.equal(shared.aborted, false)
    other.cancel('enough')
    await ends[1]
    assert.equal(shared.cause, 'enough')
    assert.equal(clock.pending, 0)
  })

  it('knows the last one to leave, in whatever order they leave', async () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })
    await fc.assert(
      fc.asyncProperty(order, async (leaving) => {
        const { clock, next, policy, call } = setUp([{ hangs: true }])
        const callers = leaving.map(() => rootContext({ clock }))
        for (const ctx of callers) call('q', ctx).catch(() => {})
        for (const [left, index] of leaving.entries()) {
          assert.deepEqual([policy.snapshot().waiting, next.calls[0]?.ctx.aborted], [5 - left, false])
          callers[index]?.cancel()
        }
        assert.deepEqual([policy.snapshot().waiting, next.calls[0]?.ctx.aborted], [0, true])
      }),
      { seed: 6 },
    )
  })

  it('begins anew for whoever comes after the last one has left', async () => {
    const { clock, next, call } = setUp([{ hangs: true }, { response: 'again' }])
    const ctx = rootContext({ clock })
    const end = assert.rejects(call('q', ctx), isCode('canceled'))
    ctx.cancel()
    await end
    assert.equal(await call('q', rootContext({ clock })), 'again')
    assert.equal(next.calls.length, 2)
  })

  it('tells who joins, and how many wait', () => {
    const { clock, joins, call } = setUp()
    const ctx = rootContext({ clock })
    for (let n = 0; n < 3; n++) call('q', ctx)
    assert.deepEqual(
      joins.map(({ key, waiting }) => [key, waiting]),
      [
        ['q', 2],
        ['q', 3],
      ],
    )
    assert.equal(joins[0]?.ctx, ctx)
  })

  it('passes on what the first caller bound, except for the hop', () => {
    const hop = contextKey('hop', { scope: 'hop', fallback: 'none' })
    const { clock, next, call } = setUp()
    call('q', rootContext({ clock }).with(hop, 'mine').with(criticality, 'sheddable'))
    call('q', rootContext({ clock }).with(criticality, 'critical_plus'))
    const shared = next.calls[0]?.ctx
    assert.equal(shared?.get(criticality), 'sheddable')
    assert.equal(shared?.get(hop), 'none')
  })

  it('fails all callers with the same error', async () => {
    const error = new ServiceError('unavailable', 'down')
    const { clock, call } = setUp([{ delayMs: 10, error }])
    const ctx = rootContext({ clock })
    const ends = [call('q', ctx), call('q', ctx)].map((end) => assert.rejects(end, (thrown) => thrown === error))
    await clock.advance(10)
    await Promise.all(ends)
  })

  it('fails a call whose key cannot be found', async () => {
    const call = coalesce<string, string>({
      key: () => {
        throw new RangeError('no id')
      },
    })(async () => 'r')
    await assert.rejects(call('q', rootContext()), /RangeError: no id/)
  })

  it('fails calls of the three streaming kinds', async () => {
    const { call } = setUp()
    for (const kind of ['serverStream', 'clientStream', 'bidiStream'] as const)
      await assert.rejects(call('q', rootContext({ method: { ...noMethod, kind } })), /only unary calls can share/)
  })

  it('does what a small model does, whatever happens in whatever order', async () => {
    const key = fc.constantFrom('a', 'a', 'a', 'b')
    const timeoutMs = fc.constantFrom(Infinity, 10, 20, 50)
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('join' as const), key, timeoutMs }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('leave' as const), caller: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('answer' as const), upstream: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), upstream: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(5, 10, 25) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const clock = manualClock()
        const real = new Real(clock)
        const model = new Model()
        for (const one of steps) {
          if (one.do === 'join') {
            real.join(one.key, one.timeoutMs)
            model.join(one.key, clock.now() + one.timeoutMs)
          } else if (one.do === 'leave') {
            real.callers[one.caller]?.cancel()
            model.leave(one.caller)
          } else if (one.do === 'advance') {
            await clock.advance(one.ms)
            model.advance(clock.now())
          } else {
            real.upstream[one.upstream]?.[one.do]()
            model.end(one.upstream, one.do)
          }
          await clock.settle()
          assert.deepEqual(real.state(), model.state())
        }
        for (const [caller, ctx] of real.callers.entries()) {
          ctx.cancel()
          model.leave(caller)
        }
        await clock.settle()
        assert.deepEqual(real.state(), model.state())
        assert.ok(real.results.every((results) => results.length === 1))
        assert.equal(clock.pending, 0)
        const { inFlight, waiting } = real.policy.snapshot()
        assert.deepEqual([inFlight, waiting], [0, 0])
      }),
      { seed: 6, numRuns: 150 },
    )
  })
})

/** How the call of each caller settled, and how the calls that were made went on: `called off` is what the endpoint saw. */
interface State {
  readonly callers: string[]
  readonly upstream: string[]
}

class Real {
  readonly policy = coalesce<string, string>({ key: (request) => request })
  readonly callers: CancelableContext[] = []
  /** All that each caller heard: it must be one thing. */
  readonly results: string[][] = []
  readonly upstream: { state: string; answer(): void; fail(): void }[] = []
  readonly #clock: ManualClock
  readonly #call = this.policy((_, ctx) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const id = this.upstream.length
    const call = { state: 'open', answer: () => end('answered'), fail: () => end('failed') }
    const end = (state: string) => {
      if (call.state === 'open') call.state = state
      if (state === 'answered') resolve(`answer ${id}`)
      else reject(new ServiceError('internal', `failure ${id}`))
    }
    ctx.onAbort(() => {
      call.state = 'called off'
    })
    this.upstream.push(call)
    return promise
  })

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  join(key: string, timeoutMs: number): void {
    const ctx = rootContext({ clock: this.#clock, deadlineAt: this.#clock.now() + timeoutMs })
    const results: string[] = []
    this.callers.push(ctx)
    this.results.push(results)
    this.#call(key, ctx).then(
      (response) => results.push(response),
      ({ code, message }) => results.push(code === 'internal' ? message : code),
    )
  }

  state(): State {
    return {
      callers: this.results.map((results) => results.join(' and ')),
      upstream: this.upstream.map(({ state }) => state),
    }
  }
}

/** The same in a few lines, with the one rule: a call goes on while somebody waits for it, at the latest until its own deadline. */
class Model {
  readonly #callers: { readonly key: string; readonly deadlineAt: number; call: number; result: string }[] = []
  readonly #upstream: { readonly key: string; readonly deadlineAt: number; state: string }[] = []

  join(key: string, deadlineAt: number): void {
    let call = this.#upstream.findIndex((one) => one.key === key && one.state === 'open')
    if (call === -1) call = this.#upstream.push({ key, deadlineAt, state: 'open' }) - 1
    this.#callers.push({ key, deadlineAt, call, result: '' })
  }

  leave(index: number, result = 'canceled'): void {
    const caller = this.#callers[index]
    if (caller === undefined || caller.result !== '') return
    caller.result = result
    const call = this.#upstream[caller.call]
    if (call !== undefined && this.#waitingFor(caller.call).length === 0) call.state = 'called off'
  }

  end(index: number, how: 'answer' | 'fail'): void {
    const call = this.#upstream[index]
    if (call?.state !== 'open') return
    call.state = how === 'answer' ? 'answered' : 'failed'
    for (const caller of this.#waitingFor(index)) caller.result = `${how === 'answer' ? 'answer' : 'failure'} ${index}`
  }

  advance(now: number): void {
    const moments = [...this.#callers, ...this.#upstream].map(({ deadlineAt }) => deadlineAt).filter((at) => at <= now)
    for (const at of [...new Set(moments)].sort((a, b) => a - b)) {
      for (const [index, { deadlineAt }] of this.#callers.entries())
        if (deadlineAt === at) this.leave(index, 'deadline_exceeded')
      for (const [index, call] of this.#upstream.entries()) {
        if (call.deadlineAt !== at || call.state !== 'open') continue
        call.state = 'called off'
        const left = this.#waitingFor(index)
        const latest = Math.max(...left.map(({ deadlineAt }) => deadlineAt))
        const next = this.#upstream.push({ key: call.key, deadlineAt: latest, state: 'open' }) - 1
        for (const caller of left) caller.call = next
      }
    }
  }

  state(): State {
    return { callers: this.#callers.map(({ result }) => result), upstream: this.#upstream.map(({ state }) => state) }
  }

  #waitingFor(call: number) {
    return this.#callers.filter((caller) => caller.call === call && caller.result === '')
  }
}
