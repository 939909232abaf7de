// Headers that are too large, too many or no headers at all.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { everyPace } from './raw-http.ts'
import { goodBody, goodRequest, jsonHeader, request, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start({ maxHeaders: 20, maxHeaderBytes: 2_048 })
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

const many = (count: number, value = 'x') => Array.from({ length: count }, (_, i) => `x-${i}: ${value}`)
const sum = (...headers: string[]) => request('POST /sum', goodBody, [jsonHeader, ...headers])

describe('headers beyond a limit', () => {
  for (const [name, headers] of Object.entries({
    'one that is too large': [`x-large: ${'x'.repeat(3_000)}`],
    'one with a name that is too large': [`${'x'.repeat(3_000)}: 1`],
    'one that is larger than a packet': [`x-large: ${'x'.repeat(200_000)}`],
    'a cookie of many parts': [`cookie: ${'a=b; '.repeat(600)}`],
    'one more than there may be': many(18),
    'many more than there may be': many(100),
    'many without a value': many(100, ''),
    'many of the same name': Array.from({ length: 100 }, () => 'x-same: 1'),
    'many small ones that are large together': many(19, 'x'.repeat(120)),
    'thousands of them': many(5_000),
  })) {
    for (const pace of headers.join().length > 50_000 ? (['in one piece'] as const) : everyPace) {
      it(`are refused: ${name}, ${pace}`, async () => {
        await victim.refuses(sum(...headers), { status: [400, 431], closes: true, pace })
      })
    }
  }

  it('are refused when their end does not come', async () => {
    const data = `POST /sum HTTP/1.1\r\nhost: victim\r\nx: ${'x'.repeat(5_000)}`
    await victim.refuses(data, { status: [400, 431], closes: true })
  })

  it('are told so where the server can tell', async () => {
    await victim.refuses(sum(`x-large: ${'x'.repeat(3_000)}`), { status: 431, closes: true })
    await victim.refuses(sum(...many(18)), { status: 431, closes: true })
  })

  it('are answered with 431 in a later request of a connection', async () => {
    const http = await victim.connect()
    await http.write(goodRequest)
    assert.equal((await http.reply()).status, 200)
    await http.write(sum(...many(100)))
    assert.deepEqual(
      (await http.closed()).map(({ status }) => status),
      [200, 431],
    )
    await victim.isWell('sum')
  })

  for (const pace of everyPace) {
    it(`are answered where they are trailers, ${pace}`, async () => {
      const start = 'POST /sum HTTP/1.1\r\nhost: victim\r\ntransfer-encoding: chunked\r\n\r\n'
      const data = `${start}d\r\n${goodBody}\r\n0\r\nx-large: ${'x'.repeat(3_000)}\r\n\r\n`
      await victim.refuses(data, { status: [400, 431], closes: true, pace })
    })
  }

  it('pass when there are just as many as there may be', async () => {
    const http = await victim.connect()
    await http.write(sum(...many(17)))
    assert.equal((await http.reply()).status, 200)
    await victim.isWell('sum')
  })
})

describe('a line that is no header', () => {
  const lines: Readonly<Record<string, string>> = {
    'no colon': 'no-colon',
    'no name': ': value',
    'nothing but a colon': ':',
    'a space in the name': 'x y: 1',
    'a space before the colon': 'x-a : 1',
    'a tab before the colon': 'x-a\t: 1',
    'a space before the length': 'content-length : 5',
    'a space before the name, where it is the first': ' x-a: 1',
    'a name with a slash': 'x/a: 1',
    'a name with a quote': 'x"a: 1',
    'a name with an at sign': 'x@a: 1',
    'a name with a bracket': 'x[a: 1',
    'a name beyond ASCII': 'x-\xe9: 1',
    'a NUL in the name': 'x\0a: 1',
    'a NUL in the value': 'x-a: a\0b',
    'a NUL at the end of the value': 'x-a: a\0',
    'a bell in the value': 'x-a: a\x07b',
    'a vertical tab in the value': 'x-a: a\x0bb',
    'an escape in the value': 'x-a: \x1b[31m',
    'DEL in the value': 'x-a: a\x7fb',
    'a bare CR in the value': 'x-a: a\rb',
    'a bare CR before a header': 'x-a: a\rcontent-length: 1',
    'a bare CR in the name': 'x\ra: 1',
    'a CR too many': 'x-a: a\r',
    'a fold': 'x-a: a\r\n b',
    'a fold with a tab': 'x-a: a\r\n\tb',
    'a fold before the value': 'x-a:\r\n b',
    'a fold that is empty': 'x-a: a\r\n ',
  }
  for (const [name, line] of Object.entries(lines)) {
    for (const pace of everyPace) {
      it(`is answered with 400: ${name}, ${pace}`, async () => {
        await victim.refuses(sum(line) + goodRequest, { status: 400, closes: true, pace })
      })
      it(`is answered with 400 when it is the first: ${name}, ${pace}`, async () => {
        const data = `POST /sum HTTP/1.1\r\n${line}\r\nhost: victim\r\ncontent-length: 13\r\n\r\n${goodBody}${goodRequest}`
        await victim.refuses(data, { status: 400, closes: true, pace })
      })
    }
  }

  for (const line of [
    'x-a: caf\xe9',
    'x-a: caf\xc3\xa9',
    'x-a:',
    'x-a:    ',
    'x-a:\ta\tb\t',
    "!#$%&'*+-.^_`|~: 1",
    'x-a: "a;,\\"',
  ]) {
    it(`is one, however odd: ${JSON.stringify(line)}`, async () => {
      const http = await victim.connect()
      await http.write(sum(line))
      assert.equal((await http.reply()).status, 200)
      await victim.isWell('sum')
    })
  }

  for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then']) {
    it(`is one, whatever objects call by that name: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(sum(`${name}: polluted`, `${name}: polluted`))
      assert.equal((await http.reply()).status, 200)
      await victim.isWell('sum')
    })
  }
})

describe('the Host header', () => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    missing: [],
    repeated: ['host: victim', 'host: victim'],
    'repeated with another value': ['host: victim', 'host: elsewhere'],
    'repeated in other letters': ['host: victim', 'HOST: victim'],
    'repeated far from the first': ['host: victim', ...many(5), 'host: victim'],
    'of two hosts': ['host: victim, elsewhere'],
    'with a space inside': ['host: a b'],
    'with a path': ['host: victim/sum'],
    'with a user': ['host: user@victim'],
    'that is a URL': ['host: http://victim'],
  }
  for (const [name, headers] of Object.entries(wrong)) {
    for (const pace of everyPace) {
      it(`is answered with 400: ${name}, ${pace}`, async () => {
        const lines = ['POST /sum HTTP/1.1', ...headers, 'content-length: 13', '', goodBody]
        await victim.refuses(lines.join('\r\n') + goodRequest, { status: 400, closes: true, pace })
      })
    }
  }

  for (const host of ['host: victim:80', 'host: [::1]:80', 'host:', 'HoSt: victim']) {
    it(`passes: ${host}`, async () => {
      const http = await victim.connect()
      await http.write(`GET /cars/x HTTP/1.1\r\n${host}\r\n\r\n`)
      assert.equal((await http.reply()).status, 200)
      await victim.isWell('car')
    })
  }

  it('may be missing in HTTP/1.0, where the connection closes behind the reply', async () => {
    const http = await victim.connect()
    await http.write(`GET /cars/x HTTP/1.0\r\n\r\n`)
    const [reply] = await http.closed()
    assert.equal(reply?.status, 200)
    await victim.isWell('car')
  })
})
