// Tests of handler.ts: fetch-style functions on a server, for /metrics, health and admin.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Handler } from '../../core/handler.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type HttpHandlerOptions, httpHandler } from './handler.ts'
import { type HttpServerOptions, httpServer } from './server.ts'

const svc = contract('svc', { name: unary.of<void, string>({ http: { method: 'GET', path: '/admin/name' } }) })
const served = endpoints(svc, { name: () => 'svc' })

async function serve(
  path: `/${string}`,
  handler: Handler,
  options: HttpServerOptions & HttpHandlerOptions = {},
): Promise<{ url: string } & AsyncDisposable> {
  const mount = [httpHandler(path, handler, options)]
  const server = await httpServer(svc, served, { onError: () => {}, drainMs: 500, ...options, mount }).listen({
    host: '127.0.0.1',
  })
  return { url: server.url, [Symbol.asyncDispose]: () => server.close() }
}

describe('httpHandler', () => {
  it('refuses a path that is none, and a handler that is no function', () => {
    const ok = () => new Response()
    assert.throws(() => httpHandler('metrics' as '/x', ok), { name: 'TypeError', message: /^path/ })
    assert.throws(() => httpHandler('/a?b', ok), { name: 'TypeError', message: /^path/ })
    assert.throws(() => httpHandler('/a', { fetch: ok } as never), { name: 'TypeError', message: /function/ })
    assert.throws(() => httpHandler('/a', ok, { timeoutMs: 0 }), { name: 'RangeError', message: /^timeoutMs/ })
  })

  it('takes every verb, the URL, the headers and the body', async () => {
    await using serving = await serve('/echo', async (request) => {
      const { pathname, search, protocol } = new URL(request.url)
      const body = await request.text()
      return Response.json([request.method, protocol, pathname, search, request.headers.get('x-own'), body])
    })
    const headers = { 'x-own': 'a' }
    for (const method of ['GET', 'DELETE', 'POST', 'PUT', 'PATCH']) {
      const hasBody = method.startsWith('P')
      const reply = await fetch(`${serving.url}/echo?q=%20`, { method, headers, ...(hasBody && { body: 'é' }) })
      assert.deepEqual(await reply.json(), [method, 'http:', '/echo', '?q=%20', 'a', hasBody ? 'é' : ''])
      assert.match(reply.headers.get('content-type') ?? '', /^application\/json/)
    }
  })

  it('stands below a path, where fixed routes come first', async () => {
    await using serving = await serve('/admin/*', (request) => new Response(new URL(request.url).pathname))
    assert.equal(await (await fetch(`${serving.url}/admin/a/b`)).text(), '/admin/a/b')
    assert.equal(await (await fetch(`${serving.url}/admin/name`)).json(), 'svc')
    assert.equal((await fetch(`${serving.url}/administrator`)).status, 404)
  })

  it('answers HEAD and OPTIONS itself, and HEAD has no body', async () => {
    await using serving = await serve(
      '/x',
      (request) => new Response('body', { headers: { 'x-verb': request.method } }),
    )
    const head = await fetch(`${serving.url}/x`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('x-verb'), await head.text()], [200, 'HEAD', ''])
    const options = await fetch(`${serving.url}/x`, { method: 'OPTIONS' })
    assert.equal(options.headers.get('x-verb'), 'OPTIONS')
  })

  it('gives status, several cookies and bytes', async () => {
    await using serving = await serve('/x', () => {
      const headers = new Headers({ 'x-a': '1' })
      headers.append('set-cookie', 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
      headers.append('set-cookie', 'b=2')
      return new Response(Uint8Array.of(0, 255), { status: 418, headers })
    })
    const reply = await fetch(`${serving.url}/x`)
    assert.deepEqual([reply.status, reply.headers.get('x-a')], [418, '1'])
    assert.deepEqual(reply.headers.getSetCookie(), ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=2'])
    assert.deepEqual(new Uint8Array(await reply.arrayBuffer()), Uint8Array.of(0, 255))
  })

  it('gives what has no body, and redirects', async () => {
    await using nothing = await serve('/x', () => new Response(null, { status: 204 }))
    assert.equal((await fetch(`${nothing.url}/x`)).status, 204)
    await using elsewhere = await serve('/x', () => Response.redirect('http://other.test/y', 307))
    const reply = await fetch(`${elsewhere.url}/x`, { redirect: 'manual' })
    assert.deepEqual([reply.status, reply.headers.get('location')], [307, 'http://other.test/y'])
  })

  it('streams both ways, as the pieces come', async () => {
    await using serving = await serve('/x', (request) => new Response(request.body))
    const up = new TransformStream<Uint8Array, Uint8Array>()
    const writer = up.writable.getWriter()
    const sent = fetch(`${serving.url}/x`, { method: 'POST', body: up.readable, duplex: 'half' } as RequestInit)
    const encoder = new TextEncoder()
    await writer.write(encoder.encode('one'))
    await writer.close()
    assert.equal(await (await sent).text(), 'one')
    await using flowing = await serve('/x', () => new Response(down.readable))
    const down = new TransformStream<Uint8Array, Uint8Array>()
    const piece = down.writable.getWriter()
    const reader = (await fetch(`${flowing.url}/x`)).body?.getReader()
    for (const text of ['a', 'b']) {
      void piece.write(encoder.encode(text))
      assert.equal(new TextDecoder().decode((await reader?.read())?.value), text)
    }
    void piece.close()
    assert.equal((await reader?.read())?.done, true)
  })

  it('that throws is answered as a method is, and nothing leaks', async () => {
    const thrown: readonly (readonly [unknown, number, string])[] = [
      [new Error('secret'), 500, 'internal'],
      [new ServiceError('permission_denied', 'no'), 403, 'permission_denied'],
    ]
    for (const [error, status, code] of thrown) {
      await using serving = await serve('/x', () => {
        throw error
      })
      const reply = await fetch(`${serving.url}/x`)
      const text = await reply.text()
      assert.deepEqual([reply.status, JSON.parse(text).code], [status, code])
      assert.doesNotMatch(text, /secret/)
    }
  })

  it('that gives no Response, or one that is an error, is a fault of its own', async () => {
    for (const given of [undefined, 'text', Response.error()]) {
      await using serving = await serve('/x', () => given as Response)
      const reply = await eventually(() => fetch(`${serving.url}/x`), 2_000)
      assert.deepEqual([reply.status, (await reply.json()).code], [500, 'internal'])
    }
  })

  it('is told when its caller goes', async () => {
    const entered = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<void>()
    await using serving = await serve('/x', async (request, ctx) => {
      request.signal.addEventListener('abort', () => aborted.resolve())
      entered.resolve()
      await aborted.promise
      assert.ok(ctx.aborted)
      return new Response()
    })
    const caller = new AbortController()
    const sent = assert.rejects(fetch(`${serving.url}/x`, { signal: caller.signal }))
    await entered.promise
    caller.abort()
    await Promise.all([sent, aborted.promise])
  })

  it('closes the body of its response when its caller goes', async () => {
    const canceled = Promise.withResolvers<void>()
    await using serving = await serve('/x', () => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => canceled.resolve(),
      })
      return new Response(body)
    })
    const caller = new AbortController()
    const reply = await fetch(`${serving.url}/x`, { signal: caller.signal })
    caller.abort()
    await assert.rejects(reply.text())
    await canceled.promise
  })

  it('answers in time, but the body of its response may take longer', async () => {
    const clock = manualClock()
    const entered = Promise.withResolvers<void>()
    const hanging = () => {
      entered.resolve()
      return new Promise<never>(() => {})
    }
    await using late = await serve('/x', hanging, { clock, timeoutMs: 100 })
    const answer = fetch(`${late.url}/x`)
    await entered.promise
    await clock.advance(100)
    assert.equal((await answer).status, 504)
    const down = new TransformStream<Uint8Array, Uint8Array>()
    await using slow = await serve('/x', () => new Response(down.readable), { clock, timeoutMs: 100 })
    const reply = await fetch(`${slow.url}/x`)
    await clock.advance(10_000)
    const writer = down.writable.getWriter()
    void writer.write(new TextEncoder().encode('late'))
    void writer.close()
    assert.equal(await reply.text(), 'late')
  })

  it('is refused a Host that makes no URL', async () => {
    await using serving = await serve('/x', (request) => new Response(request.url))
    const { port } = new URL(serving.url)
    const { connect } = await import('node:net')
    const socket = connect(Number(port), '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.write('GET /x HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n')
    await eventually(() => received.startsWith('HTTP/1.1 400'))
    socket.destroy()
  })
})
