// Tests of http-reply.ts: what a reply is read as, and how a stream of it keeps pace with its reader.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import type { Exchange } from '../../platform/exchange.ts'
import { AsyncQueue } from '../../primitives/async-queue.ts'
import { jsonCodec } from '../codec.ts'
import { HttpReply, HttpReplyTaker } from './http-reply.ts'

const codec = jsonCodec()
const headers = new Map([['content-type', 'text/plain']])
const bytesOf = (text: string) => new TextEncoder().encode(text)
const replyOf = (body: Uint8Array) => new HttpReply(200, headers, body, new AsyncQueue(), codec)

/** A taker, what becomes of its reply, and what it does to its exchange. */
function taking(streams: boolean, maxBytes = 10, decodeError?: (reply: HttpReply) => ServiceError) {
  const steps: string[] = []
  const count = { status: 0, requestBytes: 0, responseBytes: 0 }
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>()
  const taker = new HttpReplyTaker({ codec, maxBytes, streams, count, decodeError }, resolve, reject)
  const exchange: Exchange = {
    abort: (reason) => {
      steps.push('abort')
      taker.onFailure(ServiceError.fromAbort(reason))
    },
    pause: () => steps.push('pause'),
    resume: () => steps.push('resume'),
  }
  return { taker, exchange, steps, count, reply: promise }
}

describe('HttpReply', () => {
  it('is read as JSON, as text, and as nothing', () => {
    assert.deepEqual(replyOf(bytesOf('{"a":"é"}')).json(), { a: 'é' })
    assert.equal(replyOf(bytesOf('é')).text(), 'é')
    assert.equal(replyOf(Uint8Array.of(0xff)).text(), '\ufffd')
    assert.deepEqual([replyOf(new Uint8Array()).json(), replyOf(new Uint8Array()).text()], [undefined, ''])
  })

  it('is internal when it is no JSON: that is not the fault of the caller', () => {
    assert.throws(() => replyOf(bytesOf('<html>')).json(), { code: 'internal', message: /could not be read/ })
    assert.throws(() => replyOf(bytesOf('{"__proto__":1}')).json(), { code: 'internal' })
  })
})

describe('HttpReplyTaker', () => {
  it('gives a whole reply at its end, and counts it', async () => {
    const { taker, exchange, count, reply } = taking(false)
    taker.onHead(201, headers, exchange)
    for (const piece of ['hé', 'llo']) taker.onData(bytesOf(piece))
    taker.onEnd()
    const { status, body, headers: got } = await reply
    assert.deepEqual([status, new TextDecoder().decode(body), got], [201, 'héllo', headers])
    assert.deepEqual(count, { status: 201, requestBytes: 0, responseBytes: 6 })
  })

  it('takes as much as is allowed and calls the exchange off for more', async () => {
    const { taker, exchange, steps, reply } = taking(false, 3)
    taker.onHead(200, headers, exchange)
    taker.onData(bytesOf('abc'))
    assert.deepEqual(steps, [])
    const failed = assert.rejects(reply, { code: 'internal', message: /larger than 3 bytes/ })
    taker.onData(bytesOf('d'))
    await failed
    assert.deepEqual(steps, ['abort'])
  })

  it('gives a stream with the headers, however large it gets', async () => {
    const { taker, exchange, reply, count } = taking(true, 3)
    taker.onHead(200, headers, exchange)
    const { stream, body } = await reply
    assert.equal(body.length, 0)
    for (const piece of ['abc', 'def']) taker.onData(bytesOf(piece))
    taker.onEnd()
    const got: string[] = []
    for await (const piece of stream) got.push(new TextDecoder().decode(piece))
    assert.deepEqual([got, count.responseBytes], [['abc', 'def'], 6])
  })

  it('pauses the exchange for a reader that is behind, and resumes it once for all', async () => {
    const { taker, exchange, steps, reply } = taking(true)
    taker.onHead(200, headers, exchange)
    const iterator = (await reply).stream[Symbol.asyncIterator]()
    let pushed = 0
    for (; pushed < 1_000 && !steps.includes('pause'); pushed++) taker.onData(bytesOf('x'))
    assert.ok(pushed < 100, `${pushed} pieces were taken in`)
    assert.deepEqual(steps, ['pause'])
    for (; pushed > 0; pushed--) await iterator.next()
    assert.deepEqual(steps, ['pause', 'resume'])
  })

  it('ends the exchange when the reader of a stream leaves', async () => {
    const { taker, exchange, steps, reply } = taking(true)
    taker.onHead(200, headers, exchange)
    const iterator = (await reply).stream[Symbol.asyncIterator]()
    await iterator.return?.()
    assert.deepEqual(steps, ['abort'])
  })

  it('fails the stream that has begun, or else the call', async () => {
    const error = new ServiceError('unavailable', 'it broke off')
    const begun = taking(true)
    begun.taker.onHead(200, headers, begun.exchange)
    begun.taker.onData(bytesOf('a'))
    begun.taker.onFailure(error)
    const iterator = (await begun.reply).stream[Symbol.asyncIterator]()
    assert.equal((await iterator.next()).done, false)
    await assert.rejects(iterator.next(), error)
    const early = taking(true)
    early.taker.onFailure(error)
    await assert.rejects(early.reply, error)
  })

  it('has decodeError read an error, and counts that too', () => {
    const decodeError = (reply: HttpReply) => new ServiceError('aborted', `${reply.status} ${reply.text()}`)
    const { taker, count } = taking(false, 10, decodeError)
    assert.equal(taker.errorOf(409, headers, bytesOf('no'))?.message, '409 no')
    assert.deepEqual(count, { status: 409, requestBytes: 0, responseBytes: 2 })
    assert.equal(taking(false).taker.errorOf(409, headers, bytesOf('no')), undefined)
  })
})
