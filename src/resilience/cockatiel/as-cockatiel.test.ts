import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConstantBackoff, handleAll, handleWhen, retry, TimeoutStrategy, timeout, wrap } from 'cockatiel'
import { rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { noMethod } from '../../core/method.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { circuitBreaker } from '../circuit-breaker.ts'
import { rateLimit } from '../rate-limit.ts'
import { retry as ourRetry } from '../retry.ts'
import { timeout as ourTimeout } from '../timeout.ts'
import { asCockatiel } from './as-cockatiel.ts'
import { cockatiel } from './cockatiel.ts'
import { worthRetrying } from './worth-retrying.ts'

const pass = ourTimeout()

describe('asCockatiel', () => {
  it('runs the function, and gives what that gives', async () => {
    const policy = asCockatiel(pass)
    const onSuccess = recorder<unknown>()
    const onFailure = recorder<unknown>()
    const listening = policy.onSuccess(onSuccess)
    policy.onFailure(onFailure)
    assert.equal(await policy.execute(() => 'at once'), 'at once')
    listening.dispose()
    assert.equal(await policy.execute(async ({ signal, ctx }) => signal === ctx.signal), true)
    const broken = new Error('broken')
    await assert.rejects(
      policy.execute(() => {
        throw broken
      }),
      broken,
    )
    assert.equal(onSuccess.events.length, 1)
    const [failed] = onFailure.events as { handled: boolean; reason: unknown; duration: number }[]
    assert.deepEqual([failed?.handled, failed?.reason], [false, { error: broken }])
  })

  it('says of its own errors that it has handled something', async () => {
    const policy = asCockatiel(rateLimit({ perSecond: 1, burst: 1 }))
    const onFailure = recorder<{ handled: boolean }>()
    policy.onFailure(onFailure)
    await policy.execute(() => 'first')
    await assert.rejects(
      policy.execute(() => 'second'),
      { code: 'resource_exhausted' },
    )
    assert.equal(onFailure.events[0]?.handled, true)
  })

  it('stands where cockatiel wraps policies', async () => {
    const breaker = circuitBreaker({ consecutiveFailures: 2 })
    const again = retry(handleAll, { maxAttempts: 4, backoff: new ConstantBackoff(0) })
    const both = wrap(again, asCockatiel(breaker))
    let runs = 0
    await assert.rejects(
      both.execute(({ attempt, ctx }) => {
        runs++
        assert.equal(ctx.aborted, false)
        throw new ServiceError('unavailable', `down ${attempt}`)
      }),
      { message: 'the circuit is open' },
    )
    assert.equal(runs, 2)
    const outer = wrap(asCockatiel(pass), timeout(1, TimeoutStrategy.Aggressive))
    await assert.rejects(outer.execute(() => new Promise(() => {})))
  })

  it('passes on that its caller gave up, also before it began', async () => {
    const policy = asCockatiel(pass)
    const gate = new AbortController()
    let inside: AbortSignal | undefined
    const executing = policy.execute(({ signal }) => {
      inside = signal
      return new Promise(() => {})
    }, gate.signal)
    gate.abort()
    await assert.rejects(executing, { code: 'canceled' })
    assert.equal(inside?.aborted, true)
    await assert.rejects(
      policy.execute(() => assert.fail('it ran'), AbortSignal.abort()),
      { code: 'canceled' },
    )
  })

  it('begins with the context that it is given, so that ours can repeat', async () => {
    const clock = manualClock()
    const ctx = () => rootContext({ clock, method: { ...noMethod, idempotent: true } })
    const policy = asCockatiel(ourRetry({ backoff: { initialMs: 0 } }), { ctx })
    let runs = 0
    const executing = policy.execute(async () => {
      if (++runs < 3) throw new ServiceError('unavailable')
      return 'third'
    })
    await clock.advance(1)
    assert.equal(await executing, 'third')
    assert.equal(clock.pending, 0)
  })

  it('goes there and back again', async () => {
    const again = retry(handleWhen(worthRetrying), { maxAttempts: 1, backoff: new ConstantBackoff(0) })
    const layer = cockatiel(wrap(again, asCockatiel(pass)))
    let runs = 0
    const endpoint = layer(async (request: string) => {
      if (++runs === 1) throw new ServiceError('unavailable', 'never run', { retry: 'safe' })
      return request
    })
    assert.equal(await endpoint('request', rootContext()), 'request')
  })
})
