import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { attempt } from '../core/inbound.ts'
import { type Kind, noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { retry } from './retry.ts'
import { retryBudget } from './retry-budget.ts'

const gone = new ServiceError('unavailable', 'gone', { retry: 'safe' })

function fixture(kind: Kind) {
  const clock = manualClock()
  const policy = retry({ backoff: { jitter: 'none' }, budget: false })
  return { clock, policy, ctx: rootContext({ clock, method: { ...noMethod, kind, idempotent: true } }) }
}

async function read(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = []
  try {
    for await (const message of stream) seen.push(message)
  } catch (thrown) {
    seen.push((thrown as Error).message)
  }
  return seen
}

/** A stream of responses that fails in the given attempts after so many messages. */
function flaky(failures: readonly (number | undefined)[]) {
  const attempts: number[] = []
  const endpoint = async (_request: unknown, ctx: Context) => {
    const failsAfter = failures[attempts.length]
    attempts.push(ctx.get(attempt))
    async function* messages() {
      for (let n = 0; n < 3; n++) {
        if (n === failsAfter) throw gone
        yield n
      }
    }
    return messages()
  }
  return { endpoint, attempts }
}

describe('repeatedStream', () => {
  it('repeats a stream of responses whose beginning fails', async () => {
    const { clock, ctx, policy } = fixture('serverStream')
    const { endpoint, attempts } = flaky([0, 0, undefined])
    const seen = read(await policy(endpoint)('', ctx))
    await clock.runAll()
    assert.deepEqual(await seen, [0, 1, 2])
    assert.deepEqual(attempts, [1, 2, 3])
    assert.equal(policy.snapshot().recovered, 1)
  })

  it('repeats it when there is not even a stream', async () => {
    const { clock, ctx, policy } = fixture('serverStream')
    const { endpoint } = flaky([])
    let calls = 0
    const refusing = async (request: unknown, inner: Context) => {
      if (++calls === 1) throw gone
      return endpoint(request, inner)
    }
    const seen = policy(refusing)('', ctx).then(read)
    await clock.runAll()
    assert.deepEqual(await seen, [0, 1, 2])
  })

  it('does not repeat once a message has come', async () => {
    const { clock, ctx, policy } = fixture('serverStream')
    const { endpoint, attempts } = flaky([1])
    const seen = read(await policy(endpoint)('', ctx))
    await clock.runAll()
    assert.deepEqual(await seen, [0, 'gone'])
    assert.deepEqual(attempts, [1])
  })

  it('gives up with the errors of all attempts', async () => {
    const { clock, ctx, policy } = fixture('serverStream')
    const { endpoint, attempts } = flaky([0, 0, 0])
    const seen = read(await policy(endpoint)('', ctx))
    await clock.runAll()
    assert.deepEqual(await seen, ['gone (3 attempts)'])
    assert.deepEqual(attempts, [1, 2, 3])
    assert.equal(policy.snapshot().gaveUp.attempts, 1)
  })

  it('answers everyone who asks before the first message, in turn', async () => {
    const { clock, ctx, policy } = fixture('serverStream')
    const stream = (await policy(flaky([0]).endpoint)('', ctx))[Symbol.asyncIterator]()
    const asked = Promise.all([stream.next(), stream.next(), stream.next(), stream.next()])
    await clock.runAll()
    assert.deepEqual(
      (await asked).map(({ value, done }) => (done ? 'end' : value)),
      [0, 1, 2, 'end'],
    )
  })

  it('closes the stream that its reader leaves', async () => {
    const { ctx, policy } = fixture('serverStream')
    let closed = 0
    async function* endless() {
      try {
        for (;;) yield 1
      } finally {
        closed++
      }
    }
    for await (const _ of await policy(async () => endless())('', ctx)) break
    assert.equal(closed, 1)
  })

  it('repeats a stream of requests while nothing has been read of it', async () => {
    const { clock, ctx, policy } = fixture('clientStream')
    let calls = 0
    const endpoint = async (requests: AsyncIterable<number>) => {
      if (++calls === 1) {
        // A wire that fails before it reads closes what it was given.
        await requests[Symbol.asyncIterator]().return?.()
        throw gone
      }
      return read(requests)
    }
    async function* requests() {
      yield 1
      yield 2
    }
    const answered = policy(endpoint)(requests(), ctx)
    await clock.runAll()
    assert.deepEqual(await answered, [1, 2])
    assert.equal(policy.snapshot().recovered, 1)
  })

  it('does not repeat what has been read, and closes what nobody will read', async () => {
    for (const reads of [true, false]) {
      const { clock, ctx, policy } = fixture('bidiStream')
      let calls = 0
      let closed = 0
      const source = {
        next: async () => ({ done: false as const, value: 1 }),
        return: async () => {
          closed++
          return { done: true as const, value: undefined }
        },
      }
      const requests = { [Symbol.asyncIterator]: () => source }
      const endpoint = async (received: AsyncIterable<number>) => {
        calls++
        const iterator = received[Symbol.asyncIterator]()
        if (reads) await iterator.next()
        await iterator.return?.()
        throw gone
      }
      const failed = assert.rejects(policy(endpoint)(requests, ctx), { code: 'unavailable' })
      await clock.runAll()
      await failed
      assert.equal(calls, reads ? 1 : 3)
      assert.equal(closed, 1)
    }
  })

  it('ends the wait for a further attempt when the reader leaves, and takes nothing from the budget', async () => {
    const { clock, ctx } = fixture('serverStream')
    const budget = retryBudget()
    const policy = retry({ backoff: { jitter: 'none' }, budget })
    const { endpoint, attempts } = flaky([0, 0])
    const { banked } = budget.snapshot()
    const stream = (await policy(endpoint)('', ctx)) as AsyncIterableIterator<number>
    const first = stream.next()
    await clock.advance(10)
    await stream.return?.()
    assert.deepEqual(await first, { done: true, value: undefined })
    assert.equal(clock.pending, 0)
    assert.deepEqual(attempts, [1])
    const { retried, recovered, budget: left } = policy.snapshot()
    assert.deepEqual([retried, recovered, left?.spent, left?.banked], [0, 0, 0, banked])
  })

  it('has not recovered what its reader leaves before the first message', async () => {
    const { clock, ctx, policy } = fixture('serverStream')
    const { promise, resolve } = Promise.withResolvers<IteratorResult<number>>()
    const silent = { next: () => promise, return: async () => ({ done: true as const, value: undefined }) }
    let calls = 0
    const endpoint = async () => {
      if (++calls === 1) throw gone
      return { [Symbol.asyncIterator]: () => silent }
    }
    const answered = policy(endpoint)('', ctx)
    await clock.runAll()
    const stream = (await answered)[Symbol.asyncIterator]() as AsyncIterableIterator<number>
    const first = stream.next()
    await stream.return?.()
    resolve({ done: true, value: undefined })
    await first
    assert.equal(policy.snapshot().recovered, 0)
  })

  it('closes a stream of requests that its last attempt leaves unread', async () => {
    for (const kind of ['clientStream', 'bidiStream'] as const) {
      for (const leaves of ['before it answers', 'after']) {
        const { ctx, policy } = fixture(kind)
        let closed = 0
        const source = {
          next: () => assert.fail('nothing is read'),
          return: async () => {
            closed++
            return { done: true as const, value: undefined }
          },
        }
        let leave = async () => {}
        const endpoint = async (received: AsyncIterable<number>): Promise<unknown> => {
          const iterator = received[Symbol.asyncIterator]()
          leave = async () => void (await iterator.return?.())
          if (leaves !== 'after') await leave()
          return kind === 'clientStream' ? 'enough' : flaky([]).endpoint('', ctx)
        }
        const response = await policy(endpoint)({ [Symbol.asyncIterator]: () => source }, ctx)
        if (kind === 'bidiStream') assert.deepEqual(await read(response as AsyncIterable<number>), [0, 1, 2])
        if (leaves === 'after') await leave()
        assert.equal(closed, 1, `${kind}, ${leaves}`)
      }
    }
  })

  it('keeps requests from an attempt that was given up and goes on', async () => {
    const { clock, ctx, policy } = fixture('clientStream')
    const readers: AsyncIterator<number>[] = []
    const endpoint = async (received: AsyncIterable<number>) => {
      const reader = received[Symbol.asyncIterator]()
      readers.push(reader)
      if (readers.length === 1) throw gone
      const first = await reader.next()
      await assert.rejects(readers[0]?.next() ?? assert.fail(), { code: 'canceled' })
      await readers[0]?.return?.()
      return [first.value, (await reader.next()).value]
    }
    async function* requests() {
      yield 1
      yield 2
    }
    const answered = policy(endpoint)(requests(), ctx)
    await clock.runAll()
    assert.deepEqual(await answered, [1, 2])
  })
})
