import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, codes } from '../core/codes.ts'
import { type Context, rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { type Kind, noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type FallbackEvent, type FallbackOptions, fallback } from './fallback.ts'
import { refusal } from './refusal.ts'

function setUp(error: unknown, options?: Partial<FallbackOptions<string, string>>) {
  const clock = manualClock()
  const events: FallbackEvent[] = []
  const policy = fallback<string, string>({
    to: ({ code }, request) => `${request} after ${code}`,
    onFallback: (event) => events.push(event),
    ...options,
  })
  return { clock, events, policy, call: policy(scriptedEndpoint([{ error }])), ctx: rootContext({ clock }) }
}

const ofKind = (kind: Kind) => rootContext({ method: { ...noMethod, kind } })

describe('fallback', () => {
  it('passes a response on', async () => {
    const { policy, ctx } = setUp(undefined)
    assert.equal(await policy(async () => 'r')('q', ctx), 'r')
    assert.deepEqual(policy.snapshot(), { asked: 0, failed: 0 })
  })

  it('answers for failures and refusals, and never for the mistakes of a caller', async () => {
    const answered: Code[] = []
    for (const code of Object.keys(codes) as Code[]) {
      const { call, ctx } = setUp(new ServiceError(code))
      const end = await call('q', ctx).catch((thrown) => thrown)
      if (end instanceof ServiceError) assert.equal(end.code, code)
      else answered.push(code)
    }
    assert.deepEqual(answered.sort(), [
      'data_loss',
      'deadline_exceeded',
      'internal',
      'resource_exhausted',
      'unavailable',
      'unknown',
    ])
  })

  it('answers for what is no ServiceError, and for a refusal, and tells of it', async () => {
    for (const [thrown, code] of [
      [new RangeError('a bug'), 'internal'],
      [refusal('resource_exhausted', 'full'), 'resource_exhausted'],
      [refusal('unavailable', 'the circuit is open'), 'unavailable'],
    ] as const) {
      const { call, ctx, events, policy } = setUp(thrown)
      assert.equal(await call('q', ctx), `q after ${code}`)
      assert.deepEqual(
        events.map((event) => [event.ctx, event.error.code]),
        [[ctx, code]],
      )
      assert.deepEqual(policy.snapshot(), { asked: 1, failed: 0 })
    }
  })

  it('answers for the errors that it is told', async () => {
    const { call, ctx } = setUp(new ServiceError('not_found'), { when: ({ code }) => code === 'not_found' })
    assert.equal(await call('q', ctx), 'q after not_found')
  })

  it('answers for the calls that it is told', async () => {
    const when = (_: ServiceError, { method }: Context) => method.idempotent
    const { call, ctx, clock } = setUp(new ServiceError('unavailable'), { when })
    await assert.rejects(call('q', ctx), { code: 'unavailable' })
    const idempotent = rootContext({ clock, method: { ...noMethod, idempotent: true } })
    assert.equal(await call('q', idempotent), 'q after unavailable')
  })

  it('does not answer a caller that has left, or has no time left, whatever it is told', async () => {
    const { call, clock, ctx, policy } = setUp(new ServiceError('unavailable'), { when: () => true })
    ctx.cancel()
    await assert.rejects(call('q', ctx), { code: 'unavailable' })
    await assert.rejects(call('q', rootContext({ clock, deadlineAt: 0 })), { code: 'unavailable' })
    assert.equal(policy.snapshot().asked, 0)
  })

  it('fails with what the other answer fails with', async () => {
    for (const to of [
      () => Promise.reject(new Error('both')),
      () => {
        throw new Error('both')
      },
    ]) {
      const { call, ctx, policy } = setUp(new ServiceError('unavailable'), { to })
      await assert.rejects(call('q', ctx), /both/)
      assert.deepEqual(policy.snapshot(), { asked: 1, failed: 1 })
    }
  })

  it('answers where an endpoint throws where it should promise', async () => {
    const { policy, ctx } = setUp(undefined)
    const call = policy(() => {
      throw new ServiceError('unavailable')
    })
    assert.equal(await call('q', ctx), 'q after unavailable')
  })

  it('answers a stream of requests', async () => {
    const call = fallback<AsyncIterable<number>, string>({ to: () => 'other' })(async () => {
      throw new ServiceError('unavailable')
    })
    assert.equal(await call((async function* () {})(), ofKind('clientStream')), 'other')
  })

  it('replaces a stream of responses only before its first message', async () => {
    async function* rows(count: number): AsyncGenerator<number> {
      for (let n = 0; n < count; n++) yield n
      throw new ServiceError('unavailable')
    }
    for (const kind of ['serverStream', 'bidiStream'] as const) {
      const policy = fallback<unknown, AsyncIterable<number>>({
        async *to() {
          yield 7
        },
      })
      const read = async (stream: Promise<AsyncIterable<number>>) => {
        const messages: number[] = []
        for await (const message of await stream) messages.push(message)
        return messages
      }
      assert.deepEqual(await read(policy(async () => rows(0))('q', ofKind(kind))), [7])
      assert.deepEqual(
        await read(policy(async () => Promise.reject(new ServiceError('internal')))('q', ofKind(kind))),
        [7],
      )
      await assert.rejects(read(policy(async () => rows(1))('q', ofKind(kind))), { code: 'unavailable' })
      assert.equal(policy.snapshot().asked, 2)
    }
  })

  it('passes on the error of the other stream', async () => {
    const failing = (message: string) => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new ServiceError('unavailable', message)) }),
    })
    const policy = fallback<string, AsyncIterable<number>>({ to: () => failing('the other one is broken too') })
    const stream = await policy(async () => failing('broken'))('q', ofKind('serverStream'))
    await assert.rejects(stream[Symbol.asyncIterator]().next(), /the other one is broken too/)
    assert.equal(policy.snapshot().asked, 1)
  })

  it('refuses functions that are none', () => {
    assert.throws(() => fallback({ to: 'r' as never }), /TypeError: to must be a function, but is string/)
    assert.throws(
      () => fallback({ to: () => 1, when: 1 as never }),
      /TypeError: when must be a function, but is number/,
    )
  })
})
