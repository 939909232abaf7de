import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callFailures } from '../core/call-failures.ts'
import { callOptions } from '../core/call-options.ts'
import type { Code } from '../core/codes.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError, type ServiceErrorOptions } from '../core/errors.ts'
import { attempt } from '../core/inbound.ts'
import { noMethod } from '../core/method.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type ScriptedStep, scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { attemptErrors } from './attempts.ts'
import { refusal } from './refusal.ts'
import { type GiveUpEvent, type RetryEvent, type RetryOptions, retry } from './retry.ts'
import { retryBudget } from './retry-budget.ts'

function failing(code: Code, options?: ServiceErrorOptions): ScriptedStep<string> {
  return { error: new ServiceError(code, `said ${code}`, options) }
}

const refused = failing('unavailable', { retry: 'safe' })

/** Makes one call of a method through a retry without chance, and moves time until it has ended. */
async function play(
  steps: readonly ScriptedStep<string>[],
  options?: RetryOptions,
  { idempotent = true, deadlineAt = 5_000, given = {} } = {},
) {
  const clock = manualClock()
  const onRetry = recorder<RetryEvent>()
  const onGiveUp = recorder<GiveUpEvent>()
  const policy = retry({ backoff: { jitter: 'none' }, onRetry, onGiveUp, ...options })
  const endpoint = scriptedEndpoint(steps)
  const ctx = rootContext({ clock, deadlineAt, method: { ...noMethod, idempotent } })
  const ended = policy(endpoint)('request', ctx.with(callOptions, given)).then(
    (response) => ({ response, error: undefined }),
    (error: ServiceError) => ({ response: undefined, error }),
  )
  await clock.runAll()
  return { ...(await ended), calls: endpoint.calls, onRetry, onGiveUp, policy, clock }
}

describe('retry', () => {
  it('does not wait for what refused where the next attempt goes to another instance', async () => {
    const clock = manualClock()
    const endpoint = scriptedEndpoint([
      { error: refusal('unavailable', 'the circuit is open', 5_000) },
      { response: 'a' },
    ])
    const ctx = rootContext({ clock, deadlineAt: 1_000, method: { ...noMethod, idempotent: true } })
    const answer = retry({ backoff: { jitter: 'none' } })(endpoint)(
      'request',
      ctx.with(triedInstances, new TriedInstances()),
    )
    await clock.runAll()
    assert.equal(await answer, 'a')
    assert.deepEqual(
      endpoint.calls.map(({ at }) => at),
      [0, 25],
    )
    const patient = retry({ backoff: { jitter: 'none' } })(
      scriptedEndpoint([{ error: refusal('unavailable', 'open', 5_000) }]),
    )
    await assert.rejects(patient('request', ctx), { retryAfterMs: 5_000 })
  })

  it('passes on what succeeds, and what must not be repeated, untouched', async () => {
    assert.equal((await play([{ response: 'a' }])).response, 'a')
    const bug = new Error('a bug')
    const { error, calls } = await play([{ error: bug }])
    assert.equal(error, bug)
    assert.equal(calls.length, 1)
  })

  it('repeats what is safe, and what may have run where the method is idempotent', async () => {
    for (const [step, idempotent, expected] of [
      [refused, false, 2],
      [refused, true, 2],
      [failing('unavailable'), true, 2],
      [failing('unavailable'), false, 1],
      [failing('internal'), true, 1],
      [failing('invalid_argument'), true, 1],
      [failing('unavailable', { retry: 'never' }), true, 1],
    ] as const) {
      const { calls } = await play([step, { response: 'a' }], {}, { idempotent })
      assert.equal(calls.length, expected, `${JSON.stringify(step)} ${idempotent}`)
    }
  })

  it('repeats what throws at once too', async () => {
    const clock = manualClock()
    let calls = 0
    const answered = retry({ backoff: { initialMs: 0 } })(async () => {
      if (++calls === 1) throw refused.error
      return calls
    })('', rootContext({ clock }))
    await clock.runAll()
    assert.equal(await answered, 2)
    const throwing = retry()(() => {
      throw new Error('a bug')
    })
    await assert.rejects(throwing('', rootContext({ clock })), /a bug/)
  })

  it('waits twice as long each time, up to a limit, and says which attempt it is', async () => {
    const { calls, response, policy } = await play([...Array(6).fill(refused), { response: 'a' }], {
      attempts: 7,
      budget: false,
    })
    assert.deepEqual(
      calls.map(({ at }) => at),
      [0, 25, 75, 175, 375, 625, 875],
    )
    assert.deepEqual(
      calls.map(({ ctx }) => ctx.get(attempt)),
      [1, 2, 3, 4, 5, 6, 7],
    )
    assert.equal(response, 'a')
    const { retried, recovered, gaveUp } = policy.snapshot()
    assert.deepEqual(
      { retried, recovered, gaveUp },
      { retried: 6, recovered: 1, gaveUp: { attempts: 0, budget: 0, deadline: 0, retry_after: 0 } },
    )
  })

  it('draws the wait from 0 to that by default', async () => {
    const draws = [0, 0.5]
    const { calls } = await play([refused, refused, { response: 'a' }], {
      backoff: { random: () => draws.shift() ?? 0 },
      budget: false,
    })
    assert.deepEqual(
      calls.map(({ at }) => at),
      [0, 0, 25],
    )
  })

  it('waits as long as it is asked to, and gives up when that is too long', async () => {
    const patient = failing('resource_exhausted', { retry: 'safe', retryAfterMs: 1_000 })
    assert.deepEqual(
      (await play([patient, { response: 'a' }])).calls.map(({ at }) => at),
      [0, 1_025],
    )
    const { calls, error, onGiveUp } = await play([failing('unavailable', { retry: 'safe', retryAfterMs: 1_001 })])
    assert.equal(calls.length, 1)
    assert.equal(error?.retry, 'safe')
    assert.equal(onGiveUp.events[0]?.reason, 'retry_after')
  })

  it('takes a wait that makes no sense for none', async () => {
    for (const retryAfterMs of [-1_000, Number.NaN]) {
      const { calls } = await play([failing('unavailable', { retryAfterMs }), { response: 'a' }])
      assert.deepEqual(
        calls.map(({ at }) => at),
        [0, 25],
      )
    }
  })

  it('never sleeps past the deadline', async () => {
    const { calls, clock, error, onGiveUp } = await play([refused], {}, { deadlineAt: 75 })
    assert.equal(calls.length, 2)
    assert.equal(clock.now(), 25)
    assert.equal(error?.message, 'said unavailable (2 attempts)')
    assert.equal(onGiveUp.events[0]?.reason, 'deadline')
  })

  it('ends with an error that has those of all attempts, and that nobody repeats', async () => {
    const { error, calls, onGiveUp, onRetry } = await play(
      [refused, failing('deadline_exceeded'), failing('unavailable')],
      { budget: false },
    )
    assert.ok(error)
    assert.equal(calls.length, 3)
    assert.equal(error.code, 'unavailable')
    assert.equal(error.retry, 'never')
    assert.deepEqual(
      attemptErrors(error).map(({ code }) => code),
      ['unavailable', 'deadline_exceeded', 'unavailable'],
    )
    assert.deepEqual(
      onRetry.events.map((event) => [event.attempt, event.error.code, event.delayMs]),
      [
        [2, 'unavailable', 25],
        [3, 'deadline_exceeded', 50],
      ],
    )
    assert.deepEqual(
      onGiveUp.events.map(({ attempts, reason }) => [attempts, reason]),
      [[3, 'attempts']],
    )
    assert.equal(onGiveUp.events[0]?.error, error)
  })

  it('does not go beyond the budget, and says never when it is spent', async () => {
    const budget = retryBudget({ reservePerSecond: 0 })
    const { calls, error, onGiveUp } = await play([refused], { budget })
    assert.equal(calls.length, 2)
    assert.equal(onGiveUp.events[0]?.reason, 'budget')
    const next = await play([refused], { budget })
    assert.equal(next.calls.length, 1)
    assert.equal(next.error?.retry, 'never')
    assert.equal(next.error?.code, 'unavailable')
    assert.notEqual(next.error, refused.error)
    assert.equal(error?.retry, 'never')
  })

  it('spends none of it on what a policy within refused', async () => {
    const budget = retryBudget({ reservePerSecond: 0 })
    const open: ScriptedStep<string> = { error: refusal('unavailable', 'the circuit is open') }
    const { calls } = await play([open], { budget })
    assert.equal(calls.length, 3)
    assert.equal(budget.snapshot().spent, 0)
  })

  it('notes what failed where whoever made the call looks for it', async () => {
    const noted: string[] = []
    const noteFailure = ({ code }: ServiceError) => void noted.push(code)
    const clock = manualClock()
    const ctx = rootContext({ clock }).with(callFailures, { noteFailure })
    const answered = retry({ budget: false })(scriptedEndpoint([refused, refused, { response: 'a' }]))('', ctx)
    await clock.runAll()
    await answered
    assert.deepEqual(noted, ['unavailable', 'unavailable'])
  })

  it('makes one attempt when the call asks for that', async () => {
    const { calls, error } = await play([refused], {}, { given: { retry: false } })
    assert.equal(calls.length, 1)
    assert.equal(error, refused.error)
  })

  it('goes by a rule of your own where there is one', async () => {
    const when = ({ code }: ServiceError) => code === 'aborted'
    assert.equal((await play([failing('aborted'), { response: 'a' }], { when })).calls.length, 2)
    assert.equal((await play([refused, { response: 'a' }], { when })).calls.length, 1)
    // A promise is no answer, however true it looks.
    const later = (async () => true) as never
    assert.equal((await play([refused, { response: 'a' }], { when: later })).calls.length, 1)
  })

  it('can be switched off while it runs', async () => {
    const { policy, clock } = await play([{ response: 'a' }])
    policy.change({ attempts: 1 })
    const endpoint = scriptedEndpoint([refused])
    await assert.rejects(policy(endpoint)('', rootContext({ clock })), refused.error as Error)
    assert.equal(endpoint.calls.length, 1)
    assert.throws(() => policy.change({ attempts: 0 }), /attempts must be an integer from 1 to 100, but is 0/)
    assert.equal(policy.snapshot().attempts, 1)
    assert.equal(policy.attempts, 1)
  })

  it('stops waiting when the caller gives up, and still says what came before', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock })
    const call = retry({ backoff: { jitter: 'none' } })(scriptedEndpoint([refused]))('', ctx)
    const failed = assert.rejects(call, (error: ServiceError) => {
      assert.equal(error.code, 'canceled')
      assert.deepEqual(
        attemptErrors(error).map(({ code }) => code),
        ['unavailable', 'canceled'],
      )
      return true
    })
    await clock.advance(10)
    ctx.cancel()
    await failed
    assert.equal(clock.pending, 0)
  })

  it('does not repeat what failed because the caller gave up', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock, deadlineAt: 10, method: { ...noMethod, idempotent: true } })
    const endpoint = scriptedEndpoint([{ delayMs: 20 }])
    const failed = assert.rejects(retry()(endpoint)('', ctx), { code: 'deadline_exceeded' })
    await clock.advance(50)
    await failed
    assert.equal(endpoint.calls.length, 1)
  })

  it('refuses options out of their range', () => {
    assert.throws(() => retry({ attempts: 101 }), /attempts must be an integer from 1 to 100, but is 101/)
    assert.throws(() => retry({ budget: { ratio: 0.5 } as never }), /budget must be what retryBudget\(\) gives/)
    assert.throws(() => retry({ maxRetryAfterMs: -1 }), /maxRetryAfterMs must be a number from 0/)
    assert.throws(() => retry({ backoff: { multiplier: 0 } }), /multiplier must be a number from 1/)
  })
})
