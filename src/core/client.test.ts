// Tests of client.ts: what a client is made of, and what closing it does.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { manualClock } from '../testing/manual-clock.ts'
import { recordCalls } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { callOf, clientOf, type Wire } from './client.ts'
import { rootContext } from './context.ts'
import { contract, serverStream, unary } from './contract.ts'
import type { Endpoint } from './endpoint.ts'
import { ServiceError } from './errors.ts'
import type { MethodInfo } from './method.ts'

const shop = contract('shop', {
  order: unary.of<number, string>(),
  load: unary.of<number, string>(),
  list: serverStream.of<number, number>(),
})

const echo: Endpoint<number, string> = async (request) => String(request)
const hanging = () => new Promise<never>(() => {})
const canceled = (thrown: unknown) => thrown instanceof ServiceError && thrown.code === 'canceled'

describe('clientOf', () => {
  it('has a function for each method, can be disposed, and is nothing else', () => {
    const client = clientOf(shop, { connect: () => echo })
    assert.deepEqual(Reflect.ownKeys(client), ['order', 'load', 'list', Symbol.asyncDispose])
    assert.ok(Object.isFrozen(client))
    assert.equal('then' in client, false)
  })

  it('puts its middleware outside the validation of replies, so that what does not fit is seen', async () => {
    const record = recordCalls()
    const sums = contract('sums', {
      sum: unary({ input: z.number(), output: z.number() }),
      count: serverStream({ input: z.number(), output: z.number() }),
    })
    async function* wrong() {
      yield 'x'
    }
    const connect = (method: MethodInfo) => async () => (method.name === 'sum' ? 'x' : wrong())
    const client = clientOf(sums, { connect, use: [record] })
    await assert.rejects(client.sum(1), { code: 'internal', remote: 'sums/sum' })
    await assert.rejects(
      (async () => {
        for await (const _ of await client.count(1));
      })(),
      { code: 'internal' },
    )
    assert.deepEqual(
      record.calls.map(({ method, outcome }) => [method, outcome?.code]),
      [
        ['sums/sum', 'internal'],
        ['sums/count', 'internal'],
      ],
    )
  })

  it('refuses limits and contexts that make no sense', async () => {
    const connect = () => echo
    assert.throws(() => clientOf(shop, { connect, streamLimits: { firstMs: Number.NaN } }), {
      message: /^firstMs must be/,
    })
    const client = clientOf(shop, { connect })
    const foreign = { deadlineAt: 1, onAbort() {} } as never
    await assert.rejects(client.order(1, foreign), { name: 'TypeError', message: /a context must come from/ })
    await assert.rejects(client.order(1, { ctx: foreign }), { name: 'TypeError', message: /a context must come from/ })
  })

  it('connects each method once, when the client is built', async () => {
    const connected: MethodInfo[] = []
    const client = clientOf(shop, {
      connect: (method) => {
        connected.push(method)
        return echo
      },
    })
    assert.deepEqual(connected, Object.values(shop.info))
    assert.equal(await client.order(1), '1')
    assert.equal(await client.order(2), '2')
    assert.equal(connected.length, 3)
  })

  it('has functions that work without the client', async () => {
    const { order } = clientOf(shop, { connect: () => echo })
    assert.deepEqual(await Promise.all([1, 2].map((n) => order(n))), ['1', '2'])
  })

  it('gives calls without a context the clock of the wire', async () => {
    const clock = manualClock({ startAt: 10 })
    const wire = scriptedEndpoint<number, string>([{ response: 'x' }])
    await clientOf(shop, { clock, connect: () => wire }).order(1)
    assert.equal(wire.calls[0]?.ctx.clock, clock)
    assert.equal(wire.calls[0]?.ctx.deadlineAt, 5_010)
  })
})

describe('a client that is closed', () => {
  function open(wire: Partial<Wire> = {}) {
    const clock = manualClock()
    const client = clientOf(shop, { clock, connect: () => hanging, ...wire })
    return { clock, client }
  }

  it('ends open calls of every sort with canceled, and lets go of what they held', async () => {
    const { clock, client } = open()
    const ctx = rootContext({ clock })
    const calls: Promise<unknown>[] = [
      client.order(1),
      client.load(1, { ctx }),
      client.order(1, ctx),
      client.list(1),
      client.list(1, ctx),
    ]
    const failed = calls.map((call) => assert.rejects(call, canceled))
    await client[Symbol.asyncDispose]()
    await Promise.all(failed)
    assert.equal(clock.pending, 0)
    assert.equal(ctx.aborted, false)
  })

  it('refuses later calls without sending anything', async () => {
    const wire = scriptedEndpoint<number, string>([{ response: 'x' }])
    const { clock, client } = open({ connect: () => wire })
    await client[Symbol.asyncDispose]()
    const ctx = rootContext({ clock, deadlineAt: 100 })
    const calls: Promise<unknown>[] = [client.order(1), client.order(1, ctx), client.list(1), client.list(1, ctx)]
    for (const call of calls) {
      await assert.rejects(call, { code: 'canceled', message: 'the client of shop was closed' })
    }
    assert.equal(wire.calls.length, 0)
    assert.equal(clock.pending, 0)
  })

  it('closes its wire once, after the calls were called off', async () => {
    const order: string[] = []
    const { clock, client } = open({
      connect: () => (_, ctx) =>
        new Promise((_resolve, reject) => {
          ctx.onAbort((cause) => {
            order.push('called off')
            reject(cause)
          })
        }),
      close: async () => {
        await clock.settle()
        order.push('closed')
      },
    })
    const failed = assert.rejects(client.order(1), canceled)
    await Promise.all([client[Symbol.asyncDispose](), client[Symbol.asyncDispose]()])
    await client[Symbol.asyncDispose]()
    await failed
    assert.deepEqual(order, ['called off', 'closed'])
  })

  it('tells of a wire that could not be closed, and has called off the calls none the less', async () => {
    const bug = new Error('a wire that is stuck')
    const closes = [
      () => Promise.reject(bug),
      () => {
        throw bug
      },
    ]
    for (const close of closes) {
      const { client } = open({ close })
      const failed = assert.rejects(client.order(1), canceled)
      await assert.rejects(async () => client[Symbol.asyncDispose](), bug)
      await failed
    }
  })

  it('is closed by await using', async () => {
    let closed = 0
    {
      await using _client = open({ close: () => void closed++ }).client
    }
    assert.equal(closed, 1)
  })
})

describe('callOf', () => {
  it('makes the function of one method, for doors without a contract', async () => {
    const clock = manualClock()
    const root = rootContext({ clock })
    const call = callOf({ info: shop.info.order, output: undefined, send: echo, root, wire: {} })
    assert.equal(await call(5), '5')
    root.cancel()
    await assert.rejects(call(5), canceled)
    assert.equal(clock.pending, 0)
  })
})
