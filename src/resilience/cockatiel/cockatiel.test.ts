import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  ConstantBackoff,
  circuitBreaker,
  fallback,
  handleAll,
  handleWhen,
  noop,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { type Context, rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { attempt } from '../../core/inbound.ts'
import { noMethod } from '../../core/method.ts'
import { isRefusal } from '../../core/refusals.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { isFailure } from '../is-failure.ts'
import type { RefusedEvent } from '../policy.ts'
import { cockatiel } from './cockatiel.ts'
import { worthRetrying } from './worth-retrying.ts'

const down = new ServiceError('unavailable', 'down', { retry: 'if_idempotent' })
const idempotent = { ...noMethod, idempotent: true }

describe('cockatiel', () => {
  it('gives what the endpoint gives, and fails with what it fails with', async () => {
    const layer = cockatiel(noop)
    const response = { is: 'the same' }
    assert.equal(await layer(async () => response)('', rootContext()), response)
    for (const failing of [
      () => Promise.reject(down),
      () => {
        throw down
      },
    ])
      assert.equal(await layer(failing)('', rootContext()).catch((thrown) => thrown), down)
  })

  it('runs again what its retry handles, and says which attempt it is', async () => {
    const again = retry(handleWhen(worthRetrying), { maxAttempts: 2, backoff: new ConstantBackoff(0) })
    const seen: (readonly [number, boolean])[] = []
    const contexts = new Set<Context>()
    const endpoint = cockatiel(again)(async (_: string, ctx: Context): Promise<string> => {
      seen.push([ctx.get(attempt), ctx.aborted])
      contexts.add(ctx)
      throw down
    })
    await assert.rejects(endpoint('', rootContext({ method: idempotent })), down)
    assert.deepEqual(seen, [
      [1, false],
      [2, false],
      [3, false],
    ])
    assert.equal(contexts.size, 3)
    await assert.rejects(endpoint('', rootContext()), down)
    assert.equal(seen.length, 4, 'one that is not idempotent is not repeated')
  })

  it('refuses while its circuit is open or isolated, which callers mistakes do not bring about', async () => {
    const breaker = circuitBreaker(handleWhen(isFailure), {
      halfOpenAfter: 10_000,
      breaker: new ConsecutiveBreaker(2),
    })
    const onRefused = recorder<RefusedEvent>()
    const layer = cockatiel(breaker, { onRefused })
    const ctx = rootContext()
    const call = (error: ServiceError) => layer(() => Promise.reject(error))('', ctx)
    for (let n = 0; n < 5; n++) await assert.rejects(call(new ServiceError('not_found')), { code: 'not_found' })
    for (let n = 0; n < 2; n++) await assert.rejects(call(down), down)
    assert.equal(breaker.state, CircuitState.Open)
    const error = await layer(() => assert.fail('it ran'))('', ctx).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof ServiceError && isRefusal(error))
    assert.deepEqual([error.code, error.retry], ['unavailable', 'safe'])
    assert.deepEqual(onRefused.events, [{ policy: 'circuit_breaker', ctx, error }])
    breaker.isolate()
    await assert.rejects(call(down), { message: 'the circuit is held open' })
    assert.equal(layer.snapshot().refused, 2)
  })

  it('refuses what its bulkhead refuses', async () => {
    const onRefused = recorder<RefusedEvent>()
    const layer = cockatiel(bulkhead(1, 0), { onRefused })
    const gate = Promise.withResolvers<string>()
    const first = layer(() => gate.promise)('', rootContext())
    await assert.rejects(layer(async () => 'second')('', rootContext()), { code: 'resource_exhausted', retry: 'safe' })
    assert.equal(onRefused.events[0]?.policy, 'bulkhead')
    gate.resolve('first')
    assert.equal(await first, 'first')
  })

  it('calls off what its timeouts do not wait for', async () => {
    for (const strategy of [TimeoutStrategy.Cooperative, TimeoutStrategy.Aggressive]) {
      let seen: Context | undefined
      const ctx = rootContext()
      const endpoint = cockatiel(timeout(1, strategy))((_: string, own: Context) => {
        seen = own
        return new Promise<never>(() => {})
      })
      await assert.rejects(endpoint('', ctx), { code: 'deadline_exceeded' })
      assert.equal(seen?.aborted, true)
      assert.equal(ctx.aborted, false)
    }
  })

  it('ends with the context of the call, whatever the policy waits for, and runs nothing after that', async () => {
    const clock = manualClock()
    let runs = 0
    const slow = retry(handleAll, { maxAttempts: 5, backoff: new ConstantBackoff(1) })
    const late = cockatiel(slow)(async (_: string): Promise<string> => {
      runs++
      throw down
    })
    const ctx = rootContext({ clock })
    const calling = late('', ctx)
    ctx.cancel(new ServiceError('canceled', 'gone'))
    await assert.rejects(calling, { message: 'gone' })
    await assert.rejects(late('', ctx), { message: 'gone' })
    assert.ok(runs <= 1)

    const full = cockatiel(bulkhead(1, 5))
    const gate = Promise.withResolvers<string>()
    const first = full(() => gate.promise)('', rootContext())
    const second = full(() => assert.fail('it ran'))('', rootContext({ clock, deadlineAt: 50 }))
    const rejected = assert.rejects(second, { code: 'deadline_exceeded' })
    await clock.advance(50)
    await rejected
    gate.resolve('first')
    assert.equal(await first, 'first')
    assert.equal(clock.pending, 0)
  })

  it('lets a stream go on when the policy is done with it', async () => {
    const layer = cockatiel(wrap(retry(handleAll, { maxAttempts: 1 }), timeout(60_000, TimeoutStrategy.Cooperative)))
    const stream = await layer(async (_: string, ctx: Context) =>
      (async function* () {
        yield ctx.aborted
        yield ctx.aborted
      })(),
    )('', rootContext())
    const messages: boolean[] = []
    for await (const message of stream) messages.push(message)
    assert.deepEqual(messages, [false, false])
  })

  it('may give what a fallback gives, and says so', async () => {
    const layer = cockatiel(fallback(handleAll, 'none' as const))
    const response: number | 'none' = await layer(async (): Promise<number> => Promise.reject(down))('', rootContext())
    assert.equal(response, 'none')
  })
})
