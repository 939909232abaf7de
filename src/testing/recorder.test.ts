// Tests of recorder.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext, servedContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { Inbound, inbound } from '../core/inbound.ts'
import { messageSizes } from '../core/message-sizes.ts'
import { noMethod } from '../core/method.ts'
import { manualClock } from './manual-clock.ts'
import { recordCalls, recorder, recordSizes } from './recorder.ts'
import { scriptedEndpoint } from './scripted-endpoint.ts'

describe('recorder', () => {
  it('remembers what it was called with, in order, until it is cleared', () => {
    const record = recorder<number>()
    const { events } = record
    record(1)
    record(2)
    assert.deepEqual(events, [1, 2])
    record.clear()
    record(3)
    assert.deepEqual(record.events, [3])
    assert.equal(record.events, events)
  })

  it('keeps the very events, and those of each recorder apart', () => {
    const [one, other] = [recorder<object>(), recorder<object>()]
    const event = {}
    one(event)
    assert.equal(one.events[0], event)
    assert.deepEqual(other.events, [])
  })
})

describe('recordCalls', () => {
  const ctx = rootContext({ method: { ...noMethod, fullName: 'shop/price' } })

  it('remembers a call from its beginning to its outcome, and changes nothing', async () => {
    const record = recordCalls()
    const endpoint = record(
      scriptedEndpoint<string, number>([{ response: 7 }, { error: new ServiceError('not_found') }]),
    )
    const call = endpoint('tea', ctx)
    assert.equal(record.calls[0]?.outcome, undefined)
    assert.equal(await call, 7)
    await assert.rejects(endpoint('coal', ctx), { code: 'not_found' })
    assert.deepEqual(
      record.calls.map(({ method, request, outcome }) => [method, request, outcome?.code]),
      [
        ['shop/price', 'tea', 'ok'],
        ['shop/price', 'coal', 'not_found'],
      ],
    )
    assert.equal(record.calls[0]?.ctx, ctx)
  })

  it('remembers the messages of a stream as they come', async () => {
    async function* two() {
      yield 'a'
      yield 'b'
    }
    const record = recordCalls()
    const stream = (await record(async () => two())(undefined, ctx))[Symbol.asyncIterator]()
    await stream.next()
    assert.deepEqual([record.calls[0]?.messages, record.calls[0]?.outcome], [['a'], undefined])
    await stream.next()
    await stream.next()
    assert.deepEqual([record.calls[0]?.messages, record.calls[0]?.outcome?.code], [['a', 'b'], 'ok'])
  })

  it('remembers how a stream ended that failed or was left', async () => {
    async function* failing() {
      yield 'a'
      throw new ServiceError('unavailable')
    }
    const record = recordCalls()
    const endpoint = record(async () => failing())
    const stream = (await endpoint(undefined, ctx))[Symbol.asyncIterator]()
    await stream.next()
    await assert.rejects(stream.next(), { code: 'unavailable' })
    for await (const _ of await endpoint(undefined, ctx)) break
    assert.deepEqual(
      record.calls.map(({ messages, outcome }) => [messages, outcome?.code]),
      [
        [['a'], 'unavailable'],
        [['a'], 'ok'],
      ],
    )
  })

  it('remembers calls that overlap in the order in which they began, each with its own outcome', async () => {
    const clock = manualClock()
    const record = recordCalls()
    const endpoint = record(
      scriptedEndpoint<string, number>([
        { delayMs: 20, response: 1 },
        { delayMs: 10, error: new Error('secret') },
      ]),
    )
    const timed = rootContext({ clock })
    const [slow, quick] = [endpoint('slow', timed), assert.rejects(endpoint('quick', timed), /secret/)]
    await clock.advance(10)
    const codes = () => record.calls.map(({ request, outcome }) => [request, outcome?.code])
    assert.deepEqual(codes(), [
      ['slow', undefined],
      ['quick', 'internal'],
    ])
    await clock.advance(10)
    await Promise.all([slow, quick])
    assert.deepEqual(codes(), [
      ['slow', 'ok'],
      ['quick', 'internal'],
    ])
  })
})

describe('recordSizes', () => {
  it('remembers what the wire tells of the messages, at either end, and changes nothing', async () => {
    const record = recordSizes()
    const served = new Inbound(new Map(), '', false)
    served.receivedBytes = 1
    const endpoint = record(async (message: string, ctx) => {
      ctx.get(inbound).sizes?.sent(2)
      ctx.get(messageSizes)?.sent(3)
      ctx.get(messageSizes)?.received(4)
      return message
    })
    assert.equal(await endpoint('a', servedContext(rootContext(), noMethod, Infinity, served)), 'a')
    assert.equal(await endpoint('b', rootContext()), 'b')
    assert.deepEqual(
      [record.received, record.sent],
      [
        [1, 4],
        [2, 3],
      ],
    )
  })
})
