// Targets that cannot be decoded or are too long, and the other forms that a target may have.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { answer, everyPace } from './raw-http.ts'
import { goodBody, goodRequest, jsonHeader, request, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start({ maxUrlChars: 500, maxHeaderBytes: 2_048 })
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

describe('a target that cannot be decoded', () => {
  const escapes = [
    '%',
    '%4',
    '%zz',
    '%ff',
    '%c0%af',
    '%ed%a0%80',
    '%f4%90%80%80',
    '%u0041',
    'a%e2%82',
    '%00',
    'a%00b',
    '%%%',
  ]
  for (const escaped of escapes) {
    for (const line of [
      `GET /cars/${escaped}`,
      `GET /cars/x?doors=${escaped}`,
      `GET /cars/x?${escaped}=1`,
      `GET /nope/${escaped}`,
    ]) {
      for (const pace of everyPace) {
        it(`is answered with 400: ${line}, ${pace}`, async () => {
          await victim.refuses(request(line), { status: 400, pace })
        })
      }
    }
  }

  for (const [name, path] of Object.entries({
    NUL: '/cars/a\0b',
    'a raw space': '/cars/a b',
    'a tab': '/cars/a\tb',
    'a bell': '/cars/a\x07b',
    DEL: '/cars/a\x7fb',
    'a byte beyond ASCII': '/cars/caf\xe9',
    'raw UTF-8': '/cars/caf\xc3\xa9',
    nothing: '',
    'no slash': 'sum',
    'a question mark alone': '?a=1',
  })) {
    for (const pace of everyPace) {
      it(`is answered with 400 when it has ${name}, ${pace}`, async () => {
        await victim.refuses(request(`GET ${path}`), { status: 400, closes: true, pace })
      })
    }
  }
})

describe('a target that is too long', () => {
  for (const [name, chars] of Object.entries({
    'than it may be': 501,
    'than all headers may be': 2_500,
    'by far': 20_000,
  })) {
    for (const pace of everyPace) {
      it(`is refused: longer ${name}, ${pace}`, async () => {
        const path = '/cars/'.padEnd(chars, 'x')
        await victim.refuses(request(`GET ${path}`), { status: [400, 414], closes: true, pace })
      })
    }
  }

  it('is refused when its end does not come', async () => {
    await victim.refuses(`GET /${'x'.repeat(5_000)}`, { status: [400, 414], closes: true })
  })

  it('is told so where the server can tell', async () => {
    await victim.refuses(request(`GET ${'/cars/'.padEnd(501, 'x')}`), { status: 414, closes: true })
    await victim.refuses(request(`GET ${'/cars/'.padEnd(2_500, 'x')}`), { status: 414, closes: true })
  })

  it('passes when it is just as long as it may be', async () => {
    const http = await victim.connect()
    assert.equal((await answer(http, request(`GET ${'/cars/'.padEnd(500, 'x')}`)))[0], 200)
    await victim.isWell('car')
  })

  it('is split into ten thousand empty segments or parameters without harm', async () => {
    await using wide = await Victim.start({ maxUrlChars: 20_000, maxHeaderBytes: 40_000 })
    await wide.refuses(request(`GET ${'/'.repeat(20_000)}`), { status: 404, code: 'unimplemented' })
    const http = await wide.connect()
    assert.equal((await answer(http, request(`GET /cars/x?${'&'.repeat(19_000)}`)))[0], 200)
    assert.equal((await answer(await wide.connect(), request(`GET /cars/x?${'a&'.repeat(9_000)}`)))[0], 200)
    await wide.isWell('car', 'car')
  })
})

describe('a target of another form', () => {
  for (const origin of [
    'http://victim',
    'http://victim:80',
    'HTTP://VICTIM',
    'https://elsewhere.example',
    'http://u:p@victim',
  ]) {
    it(`is absolute and found by its path: ${origin}`, async () => {
      const [status] = await answer(await victim.connect(), request(`POST ${origin}/sum`, goodBody))
      assert.equal(status, 200)
      await victim.isWell('sum')
    })
  }

  for (const url of [
    'http://victim',
    'http://victim?x',
    'http:///sum/',
    'ftp://victim/sum',
    'file:///sum',
    'http:/sum',
    '*',
  ]) {
    it(`is no path of ours: ${url}`, async () => {
      const data = request(`POST ${url}`, goodBody)
      const http = await victim.connect()
      await http.write(data)
      const { status } = await http.reply()
      assert.ok([400, 404].includes(status), String(status))
      await victim.isWell()
    })
  }

  it('is the whole server: OPTIONS * is answered with 204', async () => {
    const http = await victim.connect()
    await http.write(request('OPTIONS *') + goodRequest)
    assert.equal((await http.reply(1)).status, 204)
    assert.equal((await http.reply(2)).status, 200)
    await victim.isWell('sum')
  })

  for (const [name, line] of Object.entries({
    'a tunnel': 'CONNECT victim:443 HTTP/1.1\r\nhost: victim:443\r\n\r\n',
    'a tunnel to a path': 'CONNECT /sum HTTP/1.1\r\nhost: victim\r\n\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'the preface of HTTP/2 in parts': 'PRI * HTTP/1.1\r\nhost: victim\r\n\r\n',
    'a greeting of TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'a greeting of SOCKS': '\x05\x01\x00',
    'a line of SMTP': 'EHLO victim\r\n',
    'a line of Redis': '*1\r\n$4\r\nPING\r\n',
  })) {
    for (const pace of everyPace) {
      it(`is answered or closed, and nothing behind it runs: ${name}, ${pace}`, async () => {
        const http = await victim.connect()
        await (pace === 'byte by byte' ? http.drip(line + goodRequest) : http.write(line + goodRequest))
        for (const { status } of await http.closed()) assert.ok(status >= 400, String(status))
        await victim.isWell()
      })
    }
  }

  for (const [name, headers] of Object.entries({
    'HTTP/2': ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'],
    WebSocket: [
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ],
    'no such thing': ['connection: upgrade', 'upgrade: no such thing'],
    nothing: ['connection: upgrade', 'upgrade:'],
  })) {
    it(`is asked for as it is, and not in the protocol that an upgrade names: ${name}`, async () => {
      const [get, post] = [await victim.connect(), await victim.connect()]
      await get.write(request('GET /cars/x', '', headers))
      assert.equal((await get.reply()).status, 200)
      await post.write(request('POST /sum', goodBody, [jsonHeader, ...headers]))
      assert.equal((await post.reply()).body, '{"total":3}\n')
      await post.write(goodRequest)
      assert.equal((await post.reply(2)).status, 200)
      await victim.isWell('car', 'sum', 'sum')
    })
  }
})
