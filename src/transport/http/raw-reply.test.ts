// Tests of raw-reply.ts: what a single endpoint has encoded is sent as it is, or not at all.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Inbound } from '../../core/inbound.ts'
import type { MessageSizes } from '../../core/message-sizes.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { Exchange, ReplyWriter } from './exchange.ts'
import type { HttpReplyMessage } from './http-request-message.ts'
import { sendRawReply } from './raw-reply.ts'

const settle = () => manualClock().settle()

/** Sends a reply and tells what the exchange was asked to do. */
function sent(
  message: HttpReplyMessage,
  {
    method = 'GET',
    status = 200,
    writer = {} as Partial<ReplyWriter>,
    sizes = undefined as MessageSizes | undefined,
  } = {},
) {
  const steps: unknown[][] = []
  const exchange = {
    method,
    send: (...args: unknown[]) => void steps.push(['send', ...args]),
    start: (...args: unknown[]) => {
      steps.push(['start', ...args])
      return {
        write: (piece: unknown) => {
          steps.push(['write', piece])
          return true
        },
        end: (trailers: unknown) => void steps.push(['end', trailers]),
        destroy: () => void steps.push(['destroy']),
        ...writer,
      }
    },
  }
  const inbound = new Inbound(new Map(), '', false).setHeader('x-own', '1').setTrailer('x-sum', '2')
  inbound.sizes = sizes
  const onFailure = (thrown: unknown) => void steps.push(['failed', String(thrown)])
  lettingGo = sendRawReply(exchange as unknown as Exchange, message, { status, inbound, close: false, onFailure })
  return steps
}

let lettingGo: Disposable | undefined

async function* pieces(...all: string[]): AsyncGenerator<string> {
  yield* all
}

describe('sendRawReply', () => {
  it('sends text and bytes whole, with the headers of reply and handler', () => {
    const message = { headers: { 'Content-Type': 'text/plain', 'x-list': ['a', 'b'] }, body: 'hi' }
    const list = ['content-type', 'text/plain', 'x-list', 'a', 'x-list', 'b', 'x-own', '1']
    assert.deepEqual(sent(message, { status: 202 }), [['send', 202, list, 'hi', false, undefined]])
    assert.deepEqual(sent({}), [['send', 200, ['x-own', '1'], undefined, false, undefined]])
  })

  it('sends a stream as it comes, and its trailers behind it', async () => {
    const steps = sent({ body: pieces('a', 'b') })
    await settle()
    assert.deepEqual(steps.slice(1), [
      ['write', 'a'],
      ['write', 'b'],
      ['end', ['x-sum', '2']],
    ])
  })

  it('breaks a stream off that fails, so that nobody takes it for whole', async () => {
    async function* failing() {
      yield 'a'
      throw new Error('secret')
    }
    const steps = sent({ body: failing() })
    await settle()
    assert.deepEqual(steps.slice(1), [['write', 'a'], ['failed', 'Error: secret'], ['destroy']])
  })

  it('has the handler’s own word win over its own, once', () => {
    const [step] = sent({ headers: { 'X-Own': '2' }, body: '' })
    assert.deepEqual(step?.[2], ['x-own', '1'])
  })

  it('lets go of a stream that waits when its reader has gone', async () => {
    let isClosed = false
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          isClosed = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    sent({ body })
    await settle()
    lettingGo?.[Symbol.dispose]()
    assert.equal(isClosed, true)
  })

  it('closes a stream whose head cannot be sent', async () => {
    let isClosed = false
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => assert.fail('read'),
        return: async () => {
          isClosed = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    assert.throws(() => sent({ body, headers: { 'x y': '' } }), TypeError)
    assert.equal(isClosed, true)
  })

  it('closes a stream whose reader has gone', async () => {
    let isClosed = false
    async function* endless() {
      try {
        for (;;) yield 'a'
      } finally {
        isClosed = true
      }
    }
    sent({ body: endless() }, { writer: { write: () => Promise.resolve(false) } })
    await settle()
    assert.equal(isClosed, true)
  })

  it('sends no stream to a HEAD, nor where there is no body', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      const steps = sent({ body: pieces('a') }, { method, status })
      await settle()
      assert.deepEqual(
        steps.map(([step]) => step),
        ['start'],
      )
    }
  })

  it('leaves out what only the server knows', () => {
    const headers = { 'content-length': '7', Connection: 'close', 'transfer-encoding': 'chunked' }
    assert.deepEqual(sent({ headers, body: 'hi' }), [['send', 200, ['x-own', '1'], 'hi', false, undefined]])
  })

  it('refuses what cannot be sent, before anything is', () => {
    for (const status of [0, 42, 199, 600, 200.5]) assert.throws(() => sent({}, { status }), { name: 'RangeError' })
    for (const headers of [{ 'x y': '1' }, { x: 'a\r\nset-cookie: b' }, { x: 'ż' }]) {
      assert.throws(() => sent({ headers }), { name: 'TypeError', message: /cannot be sent/ })
    }
    assert.throws(() => sent({ body: 42 as never }), { name: 'TypeError', message: /the body of a reply/ })
  })

  it('tells the size of a stream once, when all of it was handed over', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    sent({ body: pieces('a', 'é') }, { sizes })
    assert.deepEqual(sizes.sent.events, [])
    await settle()
    assert.deepEqual(sizes.sent.events, [3])
    async function* failing() {
      yield 'a'
      throw new Error('secret')
    }
    sent({ body: failing() }, { sizes })
    sent({ body: pieces('a', 'b') }, { sizes, writer: { write: () => Promise.resolve(false) } })
    await settle()
    assert.deepEqual(sizes.sent.events, [3])
    sent({ body: pieces('a') }, { sizes, method: 'HEAD' })
    assert.deepEqual(sizes.sent.events, [3, 0])
  })

  it('has the exchange tell of what is sent whole', () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    assert.equal(sent({ body: 'hi' }, { sizes })[0]?.at(-1), sizes)
  })
})
