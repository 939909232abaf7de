// Requests for what is not there: unknown paths, and verbs that a path does not take.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answer, everyPace } from './raw-http.ts'
import { goodBody, request, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start()
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

describe('a path that is not there', () => {
  const paths = ['/', '/nope', '/sum/', '//sum', '/SUM', '/sum/extra', '/sum%2f', '/sum;v=1', '/sum%20', '/\\sum']
  const more = ['/cars', '/cars/', '/cars//', '/cars/a/b', '/:id', '/*', '/sum%3Fa']
  const names = [
    '/constructor',
    '/__proto__',
    '/toString',
    '/hasOwnProperty',
    '/target/sum',
    '/node:fs',
    '/.env',
    '/etc/passwd',
  ]
  for (const path of [...paths, ...more, ...names]) {
    for (const pace of everyPace) {
      it(`is answered with 404: ${path}, ${pace}`, async () => {
        await victim.refuses(request(`POST ${path}`, goodBody), { status: 404, code: 'unimplemented', pace })
      })
    }
  }

  for (const path of ['/./sum', '/../sum', '/%2e%2e/sum', '/cars/..//', '/cars/%2e%2e', '/cars/.']) {
    for (const pace of everyPace) {
      it(`is answered with 400 where others would take it for another path: ${path}, ${pace}`, async () => {
        await victim.refuses(request(`POST ${path}`, goodBody), { status: 400, pace })
      })
    }
  }

  it('is answered with 404 whatever the verb', async () => {
    for (const verb of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])
      await victim.refuses(request(`${verb} /nope`), { status: 404, code: 'unimplemented' })
  })

  it('gets no body in answer to HEAD', async () => {
    const http = await victim.connect()
    http.bodiless = true
    await http.write(request('HEAD /nope') + request('HEAD /cars/x'))
    assert.equal((await http.reply(1)).status, 404)
    assert.equal((await http.reply(2)).status, 200)
    assert.equal(http.rest, '')
    await victim.isWell('car')
  })

  for (const [path, body] of Object.entries({
    '/%73%75m': '{"total":3}\n',
    '/sum?a=9': '{"total":3}\n',
    '/sum#fragment': '{"total":3}\n',
  })) {
    it(`is there when only its spelling differs: ${path}`, async () => {
      assert.deepEqual(await answer(await victim.connect(), request(`POST ${path}`, goodBody)), [200, body])
      await victim.isWell('sum')
    })
  }

  for (const [path, id] of Object.entries({
    '/cars/a%2Fb': 'a/b',
    '/cars/__proto__': '__proto__',
    '/cars/%F0%9F%9A%97': '🚗',
    '/cars/a+b': 'a+b',
    '/cars/x?id=y': 'x',
  })) {
    it(`gives a parameter as it was meant: ${path}`, async () => {
      const [status, body] = await answer(await victim.connect(), request(`GET ${path}`))
      assert.deepEqual([status, JSON.parse(body).id], [200, id])
      await victim.isWell('car')
    })
  }
})

describe('a verb that a path does not take', () => {
  const verbs: readonly (readonly [verb: string, path: string, allow: string])[] = [
    ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY'].map(
      (verb) => [verb, '/sum', 'OPTIONS, POST'] as const,
    ),
    ...['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'].map((verb) => [verb, '/cars/x', 'GET, HEAD, OPTIONS'] as const),
    ['GET', '/%73um', 'OPTIONS, POST'],
  ]
  for (const [verb, path, allow] of verbs) {
    it(`is answered with 405: ${verb} ${path}`, async () => {
      if (verb === 'HEAD') {
        const http = await victim.connect()
        http.bodiless = true
        await http.write(request(`${verb} ${path}`))
        const { status, headers } = await http.reply()
        assert.deepEqual([status, headers.get('allow')], [405, allow])
        return
      }
      const reply = await victim.refuses(request(`${verb} ${path}`), { status: 405, code: 'unimplemented' })
      assert.equal(reply.headers.get('allow'), allow)
      assert.doesNotMatch(reply.body, /victim/)
    })
  }

  for (const verb of ['FOO', 'post', 'Post', 'P\0ST', 'POSTX', 'POST\xe9', '', '__proto__']) {
    for (const pace of everyPace) {
      it(`is no HTTP when HTTP has no such verb: ${JSON.stringify(verb)}, ${pace}`, async () => {
        const data = request(`${verb} /sum`, goodBody)
        await victim.refuses(data, { status: [400, 405, 501], closes: true, pace })
      })
    }
  }

  it('is told to whoever asks with OPTIONS, and no origin is let in', async () => {
    for (const [path, allow] of [
      ['/sum', 'OPTIONS, POST'],
      ['/cars/x', 'GET, HEAD, OPTIONS'],
    ]) {
      const http = await victim.connect()
      const asks = ['origin: https://evil.example', 'access-control-request-method: POST']
      await http.write(request(`OPTIONS ${path}`, '', asks))
      const { status, headers } = await http.reply()
      assert.deepEqual([status, headers.get('allow')], [204, allow])
      assert.deepEqual(
        [...headers.keys()].filter((name) => name.startsWith('access-control')),
        [],
      )
    }
    await victim.isWell()
  })

  it('is GET for HEAD: the same headers, and no body', async () => {
    const [get, head] = [await victim.connect(), await victim.connect()]
    head.bodiless = true
    await get.write(request('GET /cars/x'))
    await head.write(request('HEAD /cars/x'))
    const plain = ({ status, headers }: { status: number; headers: ReadonlyMap<string, string> }) => [
      status,
      headers.get('content-type'),
      headers.get('content-length'),
    ]
    assert.deepEqual(plain(await head.reply()), plain(await get.reply()))
    assert.equal(head.rest, '')
    await victim.isWell('car', 'car')
  })

  it('is GET for HEAD of a stream: the connection goes on behind it', async () => {
    const http = await victim.connect()
    http.bodiless = true
    await http.write(request('HEAD /count/3') + request('HEAD /cars/x'))
    assert.equal((await http.reply(1)).headers.get('content-type'), 'application/x-ndjson')
    assert.equal((await http.reply(2)).headers.get('content-type'), 'application/json')
    assert.equal(http.rest, '')
    victim.calls.length = 0
    await victim.isWell()
  })
})
