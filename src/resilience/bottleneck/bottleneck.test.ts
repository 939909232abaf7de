import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Bottleneck from 'bottleneck'
import { rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { type RateLimitHarness, rateLimitCases } from '../../testing/conformance/rate-limit.ts'
import { eventually } from '../../testing/eventually.ts'
import { recorder } from '../../testing/recorder.ts'
import type { RefusedEvent } from '../policy.ts'
import { bottleneck } from './bottleneck.ts'

const can = { weights: true }
const full = { highWater: 0, strategy: Bottleneck.strategy.OVERFLOW }
const harness: RateLimitHarness = {
  can,
  limit: ({ calls, weight, onRefused }) =>
    bottleneck(new Bottleneck({ reservoir: calls, ...full }), { weight, onRefused }),
}

describe('bottleneck', () => {
  for (const { name, run } of rateLimitCases(can)) it(name, () => run(harness))

  it('has calls wait for their turn, the most urgent first', async () => {
    const limiter = new Bottleneck({ maxConcurrent: 1 })
    const policy = bottleneck<string>(limiter, { priority: Number })
    const gate = Promise.withResolvers<void>()
    const order: string[] = []
    const endpoint = policy(async (request: string) => {
      order.push(request)
      await gate.promise
    })
    const calls = ['5', '9', '0', '4'].map((request) => endpoint(request, rootContext()))
    await eventually(() => order.length === 1 && limiter.queued() === 3)
    gate.resolve()
    await Promise.all(calls)
    assert.deepEqual(order, ['5', '0', '4', '9'])
  })

  it('drops what does not fit into its queue, and says so once', async () => {
    const onRefused = recorder<RefusedEvent>()
    const limiter = new Bottleneck({ maxConcurrent: 1, highWater: 1, strategy: Bottleneck.strategy.OVERFLOW })
    const policy = bottleneck(limiter, { onRefused })
    const gate = Promise.withResolvers<string>()
    const endpoint = policy(() => gate.promise)
    const calls = [1, 2, 3].map(() => endpoint('', rootContext()))
    const third = await calls[2]?.catch((thrown: unknown) => thrown)
    assert.ok(third instanceof ServiceError)
    assert.deepEqual([third.code, third.retry], ['resource_exhausted', 'safe'])
    assert.equal(onRefused.events[0]?.error, third)
    gate.resolve('ran')
    assert.deepEqual(await Promise.all(calls.slice(0, 2)), ['ran', 'ran'])
  })

  it('never runs a call that was called off while it waited, and goes on with the next', async () => {
    const policy = bottleneck(new Bottleneck({ maxConcurrent: 1 }))
    const gate = Promise.withResolvers<string>()
    const ran: string[] = []
    const endpoint = policy(async (request: string) => {
      ran.push(request)
      return gate.promise
    })
    const first = endpoint('first', rootContext())
    const ctx = rootContext()
    const second = endpoint('second', ctx)
    const third = endpoint('third', rootContext())
    ctx.cancel()
    await assert.rejects(second, { code: 'canceled' })
    gate.resolve('done')
    assert.deepEqual(await Promise.all([first, third]), ['done', 'done'])
    assert.deepEqual(ran, ['first', 'third'])
    assert.equal(policy.snapshot().left, 1)
  })

  it('is unavailable once it was stopped, for those who wait too', async () => {
    const limiter = new Bottleneck({ maxConcurrent: 1 })
    const policy = bottleneck(limiter)
    const gate = Promise.withResolvers<string>()
    const endpoint = policy(() => gate.promise)
    const first = endpoint('', rootContext())
    const waiting = endpoint('', rootContext())
    const refused = assert.rejects(waiting, { code: 'unavailable', retry: 'safe' })
    await eventually(() => policy.snapshot().inFlight === 1)
    const stopped = limiter.stop({ dropWaitingJobs: true })
    await refused
    await assert.rejects(endpoint('', rootContext()), { code: 'unavailable', retry: 'safe' })
    gate.resolve('done')
    assert.equal(await first, 'done')
    await stopped
  })

  it('takes a limiter for each call, as a group has them', async () => {
    const group = new Bottleneck.Group({ reservoir: 1, ...full })
    const endpoint = bottleneck((request: string) => group.key(request))(async (request: string) => request)
    assert.equal(await endpoint('a', rootContext()), 'a')
    await assert.rejects(endpoint('a', rootContext()), { code: 'resource_exhausted' })
    assert.equal(await endpoint('b', rootContext()), 'b')
  })

  it('keeps the place of a stream until that has ended', async () => {
    const policy = bottleneck(new Bottleneck({ maxConcurrent: 1 }))
    const endpoint = policy(async () =>
      (async function* () {
        yield 1
      })(),
    )
    const stream = await endpoint('', rootContext())
    assert.equal(policy.snapshot().inFlight, 1)
    for await (const message of stream) assert.equal(message, 1)
    assert.equal(policy.snapshot().inFlight, 0)
  })
})
