import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import CircuitBreaker from 'opossum'
import { type Context, rootContext } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { isRefusal } from '../../core/refusals.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { StateChangeEvent } from '../circuit-breaker.ts'
import type { RefusedEvent } from '../policy.ts'
import { errorFilter } from './error-filter.ts'
import { type FiredCall, opossum, runCall } from './opossum.ts'

const down = new ServiceError('unavailable', 'down')

/** With no timer of its own that a test would wait for. */
const settings: CircuitBreaker.Options<FiredCall> = { timeout: false, errorFilter, enableSnapshots: false }

function guarded(given: CircuitBreaker.Options<FiredCall> = {}) {
  const breaker = new CircuitBreaker(runCall, { ...settings, ...given })
  const onRefused = recorder<RefusedEvent>()
  const onStateChange = recorder<StateChangeEvent>()
  const policy = opossum(breaker, { onRefused, onStateChange })
  const ctx = rootContext({ clock: manualClock({ startAt: 1 }) })
  const call = <Res>(endpoint: Endpoint<string, Res>, given: Context = ctx) => policy(endpoint)('request', given)
  return { breaker, policy, onRefused, onStateChange, ctx, call, [Symbol.dispose]: () => breaker.shutdown() }
}

describe('opossum', () => {
  it('gives what the endpoint gives, and fails with what it fails with', async () => {
    using it = guarded()
    const response = { is: 'the same' }
    assert.equal(await it.call(async () => response), response)
    assert.equal(await it.call(() => Promise.reject(down)).catch((thrown) => thrown), down)
    const thrown = new Error('at once')
    const failing = () => {
      throw thrown
    }
    assert.equal(await it.call(failing).catch((error) => error), thrown)
  })

  it('refuses while the circuit is open, before anything runs', async () => {
    using it = guarded()
    await assert.rejects(it.call(() => Promise.reject(down)))
    assert.equal(it.policy.snapshot().state, 'open')
    const error = await it.call(() => assert.fail('it ran')).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof ServiceError && isRefusal(error))
    assert.deepEqual([error.code, error.retry, error.message], ['unavailable', 'safe', 'the circuit is open'])
    assert.deepEqual(it.onRefused.events, [{ policy: 'circuit_breaker', ctx: it.ctx, error }])
    assert.equal(it.policy.snapshot().refused, 1)
  })

  it('does not open by mistakes of callers, unless the filter says so', async () => {
    const mistaken = () => Promise.reject(new ServiceError('invalid_argument'))
    using it = guarded()
    for (let n = 0; n < 10; n++) await assert.rejects(it.call(mistaken), { code: 'invalid_argument' })
    assert.equal(it.policy.snapshot().state, 'closed')
    using strict = guarded({ errorFilter: () => false })
    await assert.rejects(strict.call(mistaken))
    assert.equal(strict.policy.snapshot().state, 'open')
  })

  it('calls off what opossum did not wait for', async () => {
    using it = guarded({ timeout: 1 })
    let seen: Context | undefined
    const hanging = (_: string, ctx: Context) => {
      seen = ctx
      return new Promise<never>(() => {})
    }
    const error = await it.call(hanging).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof ServiceError)
    assert.deepEqual([error.code, error.retry], ['deadline_exceeded', 'if_idempotent'])
    assert.equal(ServiceError.from(seen?.cause).code, 'deadline_exceeded')
    assert.equal(it.ctx.aborted, false)
    assert.equal(it.onRefused.events.length, 0)
  })

  it('keeps a timeout of the system in the call apart from its own', async () => {
    using it = guarded()
    const own = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })
    assert.equal(await it.call(() => Promise.reject(own)).catch((thrown) => thrown), own)
  })

  it('ends with the context of the call, whether or not that listens', async () => {
    using it = guarded()
    const clock = manualClock()
    const ctx = rootContext({ clock, deadlineAt: 100 })
    const calling = it.call(() => new Promise<never>(() => {}), ctx)
    const rejected = assert.rejects(calling, { code: 'deadline_exceeded' })
    await clock.advance(100)
    await rejected
    const over = it.call(() => assert.fail('it ran'), ctx)
    await assert.rejects(over, { code: 'deadline_exceeded' })
    assert.equal(clock.pending, 0)
  })

  it('says when it is full and when it was shut down', async () => {
    using it = guarded({ capacity: 1 })
    const gate = Promise.withResolvers<string>()
    const first = it.call(() => gate.promise)
    const full = await it.call(async () => 'second').catch((thrown: ServiceError) => thrown)
    assert.ok(full instanceof ServiceError)
    assert.deepEqual([full.code, full.retry], ['resource_exhausted', 'safe'])
    gate.resolve('first')
    assert.equal(await first, 'first')
    it.breaker.shutdown()
    await assert.rejects(
      it.call(async () => 'third'),
      { code: 'unavailable', message: 'the circuit was shut down' },
    )
    assert.deepEqual(
      it.onRefused.events.map(({ policy }) => policy),
      ['bulkhead', 'circuit_breaker'],
    )
    assert.equal(it.policy.snapshot().state, 'forced_open')
  })

  it('gives what a fallback gives, which knows the request, and fails with what that fails with', async () => {
    using it = guarded()
    it.breaker.fallback((_run, request, ctx: Context, error: Error) => `${request} ${ctx.method.kind} ${error.message}`)
    assert.equal(await it.call<string>(() => Promise.reject(down)), 'request unary down')
    const broken = new Error('no fallback')
    it.breaker.fallback(() => Promise.reject(broken))
    assert.equal(await it.call(() => Promise.reject(down)).catch((thrown) => thrown), broken)
  })

  it('tells of changes of its state', async () => {
    using it = guarded({ resetTimeout: 1 })
    const changes = () => it.onStateChange.events.map(({ from, to, cause }) => [from, to, cause])
    const halfOpen = () => new Promise((resolve) => it.breaker.once('halfOpen', resolve))
    const opened = halfOpen()
    await assert.rejects(it.call(() => Promise.reject(down)))
    await opened
    assert.equal(it.policy.snapshot().state, 'half_open')
    const again = halfOpen()
    await assert.rejects(it.call(() => Promise.reject(down)))
    await again
    await it.call(async () => 'well')
    assert.deepEqual(changes(), [
      ['closed', 'open', 'failure_ratio'],
      ['open', 'half_open', 'open_time_over'],
      ['half_open', 'open', 'probe_failed'],
      ['open', 'half_open', 'open_time_over'],
      ['half_open', 'closed', 'probes_succeeded'],
    ])
    it.breaker.disable()
    assert.equal(it.policy.snapshot().state, 'disabled')
  })

  it('lets a stream go on when it has begun', async () => {
    using it = guarded()
    let seen: Context | undefined
    const stream = await it.call(async (_, ctx) => {
      seen = ctx
      return (async function* () {
        yield 1
        yield 2
      })()
    })
    it.breaker.open()
    const messages: number[] = []
    for await (const message of stream) messages.push(message)
    assert.deepEqual(messages, [1, 2])
    assert.equal(seen?.aborted, false)
    await assert.rejects(
      it.call(async () => stream),
      { code: 'unavailable' },
    )
  })
})
