import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type TimeoutEvent, type TimeoutOptions, timeout } from './timeout.ts'

function fixture(options?: TimeoutOptions, method: Partial<typeof noMethod> = {}) {
  const clock = manualClock()
  const ctx = rootContext({ clock, method: { ...noMethod, kind: 'serverStream', ...method } })
  const onTimeout = recorder<TimeoutEvent>()
  const policy = timeout({ streamLimits: { firstMs: 50, betweenMs: 100 }, onTimeout, ...options })
  return { clock, ctx, onTimeout, policy }
}

/** Gives a message after each of the delays. */
const ticking =
  (...delays: number[]): Endpoint<unknown, AsyncIterable<number>> =>
  async (_request, { clock }) => {
    async function* ticks() {
      for (const delayMs of delays) {
        await clock.sleep(delayMs)
        yield delayMs
      }
    }
    return ticks()
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

describe('limitedStream', () => {
  it('has no limit as a whole', async () => {
    const { clock, ctx, policy } = fixture({ timeoutMs: 60 })
    const seen = read(await policy(ticking(40, 90, 90, 90))('', ctx))
    await clock.advance(310)
    assert.deepEqual(await seen, [40, 90, 90, 90])
    assert.equal(clock.pending, 0)
  })

  it('fails when the first message, or a further one, does not come in time', async () => {
    for (const [delays, expected] of [
      [[60], ['no message came within 50 ms']],
      [
        [40, 110],
        [40, 'no message came within 100 ms'],
      ],
    ] as const) {
      const { clock, ctx, policy, onTimeout } = fixture()
      const seen = read(await policy(ticking(...delays))('', ctx))
      await clock.advance(200)
      assert.deepEqual(await seen, expected)
      assert.equal(onTimeout.events.length, 1)
      assert.equal(clock.pending, 0)
    }
  })

  it('fails when not even the stream comes in time, and closes one that comes later', async () => {
    const { clock, ctx, policy } = fixture()
    let closed = 0
    const late: Endpoint<unknown, AsyncIterable<number>> = async (_request, { clock }) => {
      await clock.sleep(60)
      const stream = {
        next: async () => ({ done: true as const, value: undefined }),
        return: async () => void closed++,
      }
      return { [Symbol.asyncIterator]: () => stream as never }
    }
    const failed = assert.rejects(policy(late)('', ctx), { code: 'deadline_exceeded' })
    await clock.advance(60)
    await failed
    assert.equal(closed, 1)
    assert.equal(policy.snapshot().late, 1)
    assert.equal(clock.pending, 0)
  })

  it('takes the limits of the method first, and its deadline as that of the whole', async () => {
    const { clock, ctx, policy, onTimeout } = fixture({}, { streamLimits: { firstMs: 200 }, timeoutMs: 250 })
    const seen = read(await policy(ticking(150, 150))('', ctx))
    await clock.advance(400)
    assert.deepEqual(await seen, [150, 'the deadline passed'])
    assert.equal(onTimeout.events[0]?.timeoutMs, 250)
    assert.equal(clock.pending, 0)
  })

  it('counts messages of the caller as life', async () => {
    const { clock, ctx, policy } = fixture({}, { kind: 'bidiStream' })
    async function* requests() {
      for (let n = 0; n < 3; n++) {
        await clock.sleep(40)
        yield n
      }
    }
    const echo: Endpoint<AsyncIterable<number>, AsyncIterable<number>> = async (received) => {
      async function* last() {
        let seen = 0
        for await (const n of received) seen = n
        yield seen
      }
      return last()
    }
    const seen = read(await policy(echo)(requests(), ctx))
    await clock.advance(200)
    assert.deepEqual(await seen, [2])
    assert.equal(clock.pending, 0)
  })

  it('ends with its caller, before and while it is read', async () => {
    for (const cancelMs of [0, 60]) {
      const { clock, ctx, policy, onTimeout } = fixture()
      clock.schedule(cancelMs, () => ctx.cancel())
      const seen = policy(ticking(40, 40))('', ctx).then(read, (thrown) => thrown.code)
      await clock.advance(200)
      assert.deepEqual(await seen, cancelMs === 0 ? ['the call was canceled'] : [40, 'the call was canceled'])
      assert.deepEqual(onTimeout.events, [])
      assert.equal(clock.pending, 0)
    }
  })

  it('fails with what a stream throws that cannot be read', async () => {
    const { clock, ctx, policy } = fixture()
    const locked = (): never => {
      throw new TypeError('the stream is locked')
    }
    const answer = policy(async () => ({ [Symbol.asyncIterator]: locked }))('', ctx)
    await assert.rejects(answer, /the stream is locked/)
    assert.equal(clock.pending, 0)
  })

  it('lets go of everything when it is left', async () => {
    const { clock, ctx, policy } = fixture()
    const stream = await policy(ticking(10, 10, 10))('', ctx)
    const reading = (async () => {
      for await (const _ of stream) break
    })()
    await clock.advance(10)
    await reading
    assert.equal(clock.pending, 0)
  })
})
