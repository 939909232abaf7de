import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { callFailures } from './call-failures.ts'
import { clientOf } from './client.ts'
import type { Context } from './context.ts'
import { contract, unary } from './contract.ts'
import { ServiceError } from './errors.ts'

const shop = contract('shop', { price: unary.of<string, number>() })

describe('callFailures', () => {
  it('has a deadline say what failed before it, and that nobody may repeat it', async () => {
    const clock = manualClock()
    const send = (_request: unknown, ctx: Context) => {
      ctx.get(callFailures)?.noteFailure(new ServiceError('unavailable', 'connection refused'))
      ctx.get(callFailures)?.noteFailure(new ServiceError('unavailable', 'gone'))
      return new Promise<never>(() => {})
    }
    const client = clientOf(shop, { clock, pipeline: { call: [], attempt: [] }, connect: () => send })
    const failed = assert.rejects(client.price('tea', { timeoutMs: 100 }), (error: ServiceError) => {
      assert.equal(error.code, 'deadline_exceeded')
      assert.equal(error.retry, 'never')
      assert.equal(error.message, 'shop/price: the deadline passed (2 attempts failed before)')
      const { errors } = error.cause as AggregateError
      assert.deepEqual(
        errors.map(({ message }) => message),
        ['connection refused', 'gone', 'the deadline passed'],
      )
      return true
    })
    await clock.advance(100)
    await failed
  })

  it('has the limit of a policy on the whole call say it too', async () => {
    const clock = manualClock()
    const limit = new ServiceError('deadline_exceeded', 'no response came within 100 ms')
    const refusal = new ServiceError('deadline_exceeded', 'all was tried', { retry: 'never' })
    const noted = new ServiceError('unavailable', 'gone')
    const errors = [limit, refusal, noted]
    const send = (_request: unknown, ctx: Context) => {
      ctx.get(callFailures)?.noteFailure(noted)
      return Promise.reject(errors.shift())
    }
    const client = clientOf(shop, { clock, pipeline: { call: [], attempt: [] }, connect: () => send })
    await assert.rejects(client.price('tea'), (error: ServiceError) => {
      assert.equal(error.retry, 'never')
      assert.equal(error.message, 'shop/price: no response came within 100 ms (1 attempt failed before)')
      assert.deepEqual((error.cause as AggregateError).errors, [noted, limit])
      return true
    })
    // What has counted its attempts by itself, and what is no limit, stays what it is.
    await assert.rejects(client.price('tea'), { message: 'all was tried', retry: 'never' })
    await assert.rejects(client.price('tea'), { message: 'gone', retry: 'if_idempotent' })
  })

  it('is bound where there is a pipeline only, and changes no deadline before which nothing failed', async () => {
    const clock = manualClock()
    const bound: boolean[] = []
    const send = (_request: unknown, ctx: Context) => {
      bound.push(ctx.get(callFailures) !== undefined)
      return new Promise<never>(() => {})
    }
    for (const pipeline of [undefined, { call: [], attempt: [] }]) {
      const client = clientOf(shop, { clock, pipeline, connect: () => send })
      const failed = assert.rejects(client.price('tea', { timeoutMs: 100 }), {
        message: 'shop/price: the deadline passed',
        retry: 'if_idempotent',
      })
      await clock.advance(100)
      await failed
    }
    assert.deepEqual(bound, [false, true])
  })
})
