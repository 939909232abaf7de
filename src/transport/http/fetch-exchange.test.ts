import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { BodyFailure, ExchangeListener, SentReply } from './exchange.ts'
import { FetchExchange } from './fetch-exchange.ts'

class Heard implements ExchangeListener {
  body: Uint8Array | undefined
  failure: BodyFailure | undefined
  gone = 0
  get refusedWith(): number | undefined {
    return this.failure?.status
  }
  onBody(body: Uint8Array): void {
    this.body = body
  }
  onBodyFailure(failure: BodyFailure): void {
    this.failure = failure
  }
  onGone(): void {
    this.gone++
  }
}

function exchangeOf(init: RequestInit & { duplex?: 'half' } = {}, url = 'http://a.test/b?c=d') {
  const open = new Set<FetchExchange>()
  const exchange = new FetchExchange(new Request(url, init), '192.0.2.1:7', open)
  const heard = new Heard()
  const sent: SentReply[] = []
  exchange.listener = heard
  exchange.onDone = (reply) => sent.push(reply)
  return { exchange, heard, sent, open }
}

function slowBody() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let canceled = false
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given
    },
    cancel: () => {
      canceled = true
    },
  })
  return {
    init: { method: 'POST', body, duplex: 'half' as const },
    push: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    fail: () => controller?.error(new Error('reset')),
    canceled: () => canceled,
  }
}

const limits = (clock = manualClock()) => ({ maxBytes: 5, timeoutMs: 100, clock })

describe('FetchExchange, the request', () => {
  it('has method, target, headers and peer', () => {
    const { exchange } = exchangeOf({ method: 'PUT', headers: { 'X-One': '1' } }, 'https://a.test:8443/b/%20?c=d')
    assert.equal(exchange.method, 'PUT')
    assert.equal(exchange.target, '/b/%20?c=d')
    assert.equal(exchange.headers.get('x-one'), '1')
    assert.deepEqual(exchange.peer, { address: '192.0.2.1:7', secure: true, certificate: undefined })
    assert.equal(exchangeOf({}, 'http://a.test').exchange.target, '/')
  })

  it('reads a body whole, of one piece or of many', async () => {
    const clock = manualClock()
    const one = exchangeOf({ method: 'POST', body: 'hello' })
    one.exchange.readBody(limits(clock))
    const slow = slowBody()
    const many = exchangeOf(slow.init)
    many.exchange.readBody(limits(clock))
    for (const letter of 'HELLO') slow.push(letter)
    slow.end()
    await clock.settle()
    assert.deepEqual(
      [one, many].map(({ heard }) => new TextDecoder().decode(heard.body)),
      ['hello', 'HELLO'],
    )
    assert.equal(clock.pending, 0)
  })

  it('has an empty body where there is none', () => {
    const { exchange, heard } = exchangeOf()
    exchange.readBody(limits())
    assert.equal(heard.body?.length, 0)
  })

  it('refuses by its length a body that is too large, and reads none of it', async () => {
    const slow = slowBody()
    const { exchange, heard } = exchangeOf({ ...slow.init, headers: { 'content-length': '6' } })
    exchange.readBody(limits())
    assert.equal(heard.refusedWith, 413)
    await Promise.resolve()
    assert.equal(slow.canceled(), true)
  })

  it('refuses by what comes a body that is too large, and reads no more of it', async () => {
    const clock = manualClock()
    const slow = slowBody()
    const { exchange, heard } = exchangeOf({ ...slow.init, headers: { 'content-length': '2' } })
    exchange.readBody(limits(clock))
    slow.push('abcd')
    await clock.settle()
    assert.equal(heard.refusedWith, undefined)
    slow.push('ef')
    await clock.settle()
    assert.equal(heard.refusedWith, 413)
    assert.equal(slow.canceled(), true)
    assert.equal(heard.body, undefined)
    assert.equal(clock.pending, 0)
  })

  it('refuses a body that does not come in time', async () => {
    const clock = manualClock()
    const slow = slowBody()
    const { exchange, heard } = exchangeOf(slow.init)
    exchange.readBody(limits(clock))
    slow.push('ab')
    await clock.advance(99)
    assert.equal(heard.refusedWith, undefined)
    await clock.advance(1)
    assert.equal(heard.refusedWith, 408)
    assert.equal(slow.canceled(), true)
    assert.equal(heard.body, undefined)
  })

  it('takes a body that breaks off for a caller that has gone', async () => {
    const clock = manualClock()
    const slow = slowBody()
    const { exchange, heard, sent } = exchangeOf(slow.init)
    exchange.readBody(limits(clock))
    slow.push('ab')
    slow.fail()
    await clock.settle()
    assert.equal((await exchange.response).status, 499)
    assert.deepEqual([heard.gone, heard.failure, heard.body], [1, undefined, undefined])
    assert.deepEqual(sent, [{ status: 0, requestBytes: 2, responseBytes: 0, complete: false }])
    assert.equal(clock.pending, 0)
  })

  it('gives the body as it comes, and fails when the caller goes before its end', async () => {
    const slow = slowBody()
    const controller = new AbortController()
    const { exchange, heard } = exchangeOf({ ...slow.init, signal: controller.signal })
    const pieces = exchange.openBody()[Symbol.asyncIterator]()
    slow.push('ab')
    assert.equal((await pieces.next()).value?.length, 2)
    const pending = pieces.next()
    controller.abort()
    await assert.rejects(pending, (thrown) => thrown instanceof ServiceError && thrown.code === 'canceled')
    assert.equal(heard.gone, 1)
    assert.equal(slow.canceled(), true)
  })

  it('lets go of a body that is left while its next piece is waited for', async () => {
    const slow = slowBody()
    const { exchange } = exchangeOf(slow.init)
    const pieces = exchange.openBody()[Symbol.asyncIterator]()
    const pending = pieces.next()
    await pieces.return?.()
    assert.equal((await pending).done, true)
    assert.equal(slow.canceled(), true)
  })

  it('refuses a request whose body was read by somebody else', async () => {
    const request = new Request('http://a.test/', { method: 'POST', body: 'x' })
    await request.text()
    assert.throws(() => new FetchExchange(request, '', new Set()), /read before the server got the request/)
  })
})

describe('FetchExchange, the reply', () => {
  it('sends status, headers and body, and is over', async () => {
    const { exchange, sent, open } = exchangeOf()
    assert.equal(open.size, 1)
    exchange.send(201, ['x-one', '1', 'set-cookie', 'a=1', 'set-cookie', 'b=2'], 'ä', false)
    const response = await exchange.response
    assert.equal(response.status, 201)
    assert.equal(response.headers.get('x-one'), '1')
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
    assert.equal(await response.text(), 'ä')
    assert.deepEqual(sent, [{ status: 201, requestBytes: 0, responseBytes: 2, complete: true }])
    assert.equal(open.size, 0)
    await exchange.ended
  })

  it('sends nothing with a status that has no body, and the length alone to HEAD', async () => {
    for (const status of [204, 205, 304]) {
      const { exchange } = exchangeOf()
      exchange.send(status, [], 'x', false)
      assert.equal((await exchange.response).body, null)
    }
    const { exchange, sent } = exchangeOf({ method: 'HEAD' })
    exchange.send(200, [], 'xyz', false)
    const response = await exchange.response
    assert.deepEqual([response.body, response.headers.get('content-length')], [null, '3'])
    assert.equal(sent[0]?.responseBytes, 0)
  })

  it('throws for headers that cannot be sent, and can still send others', async () => {
    const { exchange } = exchangeOf()
    assert.throws(() => exchange.send(200, ['x-one', 'a\nb'], 'x', false))
    exchange.send(500, [], undefined, false)
    assert.equal((await exchange.response).status, 500)
  })

  it('sends a body in pieces, and is over when they were read', async () => {
    const { exchange, sent, open } = exchangeOf()
    const writer = exchange.start(200, [], false)
    writer.write('abc')
    writer.end([])
    const response = await exchange.response
    assert.equal(open.size, 1)
    assert.equal(await response.text(), 'abc')
    assert.deepEqual(sent, [{ status: 200, requestBytes: 0, responseBytes: 3, complete: true }])
    assert.equal(open.size, 0)
  })

  it('hears of a reader that leaves', async () => {
    const { exchange, heard, sent } = exchangeOf()
    const writer = exchange.start(200, [], false)
    await (await exchange.response).body?.cancel()
    assert.equal(await writer.write('x'), false)
    assert.equal(heard.gone, 1)
    assert.deepEqual(sent, [{ status: 200, requestBytes: 0, responseBytes: 0, complete: false }])
  })

  it('breaks its stream off when the caller goes', async () => {
    const controller = new AbortController()
    const { exchange, heard } = exchangeOf({ signal: controller.signal })
    const writer = exchange.start(200, [], false)
    writer.write('x')
    controller.abort()
    assert.equal(await writer.write('y'), false)
    await assert.rejects((await exchange.response).text(), /broken off/)
    assert.equal(heard.gone, 1)
  })

  it('refuses what is written where no body may be, without a failure', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
    ] as const) {
      const { exchange, heard, sent } = exchangeOf({ method })
      const writer = exchange.start(status, [], false)
      assert.equal(await writer.write('x'), false)
      writer.end([])
      const response = await exchange.response
      assert.deepEqual([response.status, response.body], [status, null])
      assert.equal(heard.gone, 0)
      assert.equal(sent.length, 1)
    }
  })

  it('ignores a caller that goes after the reply, and a reply after the caller went', async () => {
    const controller = new AbortController()
    const { exchange, heard, sent } = exchangeOf({ signal: controller.signal })
    exchange.send(200, [], 'x', false)
    controller.abort()
    assert.equal(heard.gone, 0)
    const other = exchangeOf({ signal: controller.signal })
    assert.equal(other.open.size, 0)
    other.exchange.send(200, [], 'x', false)
    assert.equal(await other.exchange.start(200, [], false).write('x'), false)
    assert.equal((await other.exchange.response).status, 499)
    assert.equal(sent.length, 1)
  })

  it('tells the size of a whole reply, 0 where it has no body, and nothing of one that is late', () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const { exchange } = exchangeOf()
    exchange.onDone = undefined
    exchange.send(200, [], 'ä', false, sizes)
    exchange.send(200, [], 'late', false, sizes)
    exchangeOf().exchange.send(200, [], undefined, false, sizes)
    exchangeOf().exchange.send(204, [], 'x', false, sizes)
    exchangeOf({ method: 'HEAD' }).exchange.send(200, [], 'x', false, sizes)
    assert.deepEqual(sizes.sent.events, [2, 0, 0, 0])
    assert.throws(() => exchangeOf().exchange.send(200, ['x y', '1'], 'x', false, sizes), TypeError)
    assert.deepEqual([sizes.sent.events.length, sizes.received.events.length], [4, 0])
  })
})
