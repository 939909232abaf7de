// Bodies that are not JSON, JSON of the wrong shape, and JSON that would poison a prototype: none of it reaches a handler.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Bytes, paces } from './raw-http.ts'
import { isProblem, request, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start()
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

const nested = (depth: number, open: string, close: string, core = '') =>
  `${open.repeat(depth)}${core}${close.repeat(depth)}`

const notJson: Readonly<Record<string, Bytes>> = {
  'white space alone': ' \r\n\t',
  'an object that is not closed': '{"a":1,"b":2',
  'a string that is not closed': '"abc',
  'half a literal': 'tru',
  'a closing brace alone': '}',
  'a comma too many': '{"a":1,}',
  'a comma too few': '{"a":1 "b":2}',
  'single quotes': "{'a':1}",
  'a key without quotes': '{a:1}',
  'a comment': '/* a */{"a":1}',
  NaN: 'NaN',
  Infinity: '[Infinity]',
  undefined: 'undefined',
  'a leading zero': '[01]',
  'a plus sign': '[+1]',
  'a hexadecimal number': '[0x10]',
  'a number without its first digit': '[.5]',
  'an escape that is none': '"\\x41"',
  'half a unicode escape': '"\\u12"',
  'a raw line feed in a string': '"a\nb"',
  'a raw NUL in a string': '"a\0b"',
  'a word behind it': '{"a":1}x',
  'a second document behind it': '{"a":1}{"a":1}',
  'a NUL before it': '\0{"a":1}',
  'a NUL behind it': '{"a":1}\0',
  'a NUL between its members': '{"a":1,\0"b":2}',
  'a vertical tab before it': '\x0b{}',
  'a no-break space before it': '\xc2\xa0{}',
  'a byte order mark before it': '\xef\xbb\xbf{"a":1}',
  'a byte order mark alone': '\xef\xbb\xbf',
  'UTF-16 with its mark': Buffer.from('\ufeff{"a":1}', 'utf16le'),
  'UTF-16 without a mark': Buffer.from('{"a":1}', 'utf16le'),
  'a byte that UTF-8 has not': '"\xff"',
  'Latin-1': '"caf\xe9"',
  'an overlong encoding of NUL': '"\xc0\x80"',
  'an overlong slash': '"\xe0\x80\xaf"',
  'half a surrogate pair in UTF-8': '"\xed\xa0\x80"',
  'a character beyond Unicode': '"\xf4\x90\x80\x80"',
  'a character that is cut off': '"\xe2\x82',
  'arrays one deeper than the limit': nested(101, '[', ']'),
  'objects one deeper than the limit': nested(101, '{"a":', '}', '1'),
  'depth hidden behind a string of closing brackets': nested(101, '["]]]",', ']', '1'),
  'a form': 'a=1&b=2',
  XML: '<sum><a>1</a></sum>',
}

describe('a body that is no JSON', () => {
  for (const [name, body] of Object.entries(notJson)) {
    for (const [pace, send] of Object.entries(paces)) {
      it(`is refused: ${name}, ${pace}`, async () => {
        const http = await victim.connect()
        await send(http, request('POST /echo', body))
        const reply = await http.reply()
        assert.equal(reply.status, 400)
        isProblem(reply, 'invalid_argument')
        await victim.isWell()
      })
    }

    it(`is refused as the input of another method on the same connection: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(request('POST /sum', body))
      await http.write(request('POST /sum', '{"a":1,"b":2}'))
      isProblem(await http.reply(1), 'invalid_argument')
      assert.equal((await http.reply(2)).status, 200)
      await victim.isWell('sum')
    })

    it(`ends a stream of requests: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(request('POST /add', Buffer.concat([Buffer.from('1\n'), Buffer.from(body as string, 'latin1')])))
      const reply = await http.reply()
      assert.equal(reply.status, 400)
      isProblem(reply, 'invalid_argument')
      await victim.isWell('add')
    })
  }

  it('is refused at once when it is a megabyte of opening brackets', async () => {
    const http = await victim.connect()
    await http.write(request('POST /echo', '['.repeat(1_000_000)))
    isProblem(await http.reply(), 'invalid_argument')
    await victim.isWell()
  })

  for (const [name, body] of Object.entries({
    'arrays as deep as the limit': nested(100, '[', ']'),
    'brackets in strings': `["${'['.repeat(500)}","\\"${'{'.repeat(500)}"]`,
    'white space around': ' \r\n{"a":1}\t\n',
    'half a surrogate pair as an escape': '"\\ud800"',
  })) {
    it(`is not what it seems and passes: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(request('POST /echo', body))
      const reply = await http.reply()
      assert.equal(reply.status, 200)
      assert.deepEqual(JSON.parse(reply.body), JSON.parse(body))
      await victim.isWell('echo')
    })
  }
})

describe('input of the wrong shape', () => {
  const shapes: Readonly<Record<string, readonly [line: string, body: string, ...paths: string[]]>> = {
    'no body at all': ['POST /sum', '', ''],
    'an array': ['POST /sum', '[1,2]', ''],
    null: ['POST /sum', 'null', ''],
    'a string': ['POST /sum', '"a"', ''],
    'a number': ['POST /sum', '12', ''],
    'an empty object': ['POST /sum', '{}', 'a', 'b'],
    'a member missing': ['POST /sum', '{"a":1}', 'b'],
    'a string for a number': ['POST /sum', '{"a":"1","b":2}', 'a'],
    'null for a number': ['POST /sum', '{"a":null,"b":2}', 'a'],
    'an object for a number': ['POST /sum', '{"a":{"valueOf":1},"b":2}', 'a'],
    'a number beyond its range': ['POST /sum', '{"a":1001,"b":2}', 'a'],
    'a number beyond all numbers': ['POST /sum', '{"a":1,"b":1e999}', 'b'],
    'a number below all numbers': ['POST /sum', '{"a":-1e999,"b":-1e999}', 'a', 'b'],
    'a parameter beyond its range': ['GET /cars/x?doors=6', '', 'doors'],
    'a parameter that is no number': ['GET /cars/x?doors=five', '', 'doors'],
    'a parameter that is empty': ['GET /cars/x?doors=', '', 'doors'],
    'a parameter with spaces': ['GET /cars/x?doors=+5', '', 'doors'],
    'a parameter beyond all numbers': ['GET /cars/x?doors=1e999', '', 'doors'],
    'a parameter given twice': ['GET /cars/x?doors=1&doors=2', '', 'doors'],
  }
  for (const [name, [line, body, ...paths]] of Object.entries(shapes)) {
    for (const [pace, send] of Object.entries(paces)) {
      it(`is refused with its places in details: ${name}, ${pace}`, async () => {
        const http = await victim.connect()
        await send(http, request(line, body))
        const reply = await http.reply()
        assert.equal(reply.status, 400)
        const { details } = isProblem(reply, 'invalid_argument') as { details: readonly { path: string }[] }
        assert.deepEqual(
          details.map(({ path }) => path),
          paths,
        )
        await victim.isWell()
      })
    }
  }

  it('is answered in a few kilobytes, however much of it is wrong', async () => {
    const http = await victim.connect()
    await http.write(request('POST /list', JSON.stringify(new Array(100_000).fill('x'))))
    const reply = await http.reply()
    isProblem(reply, 'invalid_argument')
    assert.ok(reply.body.length < 8_192, `${reply.body.length}`)
    await victim.isWell()
  })
})

describe('a key that would poison a prototype', () => {
  const poison: Readonly<Record<string, readonly [line: string, body?: string]>> = {
    'an own __proto__': ['POST /echo', '{"__proto__":{"polluted":1}}'],
    'an own __proto__ that is null': ['POST /echo', '{"__proto__":null}'],
    'a __proto__ deep inside': ['POST /echo', '{"a":[{"b":{"__proto__":{"polluted":1}}}]}'],
    'a __proto__ in escapes': ['POST /echo', '{"\\u005f\\u005fproto\\u005f\\u005f":{"polluted":1}}'],
    'a __proto__ in a typed message': ['POST /sum', '{"a":1,"b":2,"__proto__":{"polluted":1}}'],
    'a constructor with a prototype': ['POST /echo', '{"constructor":{"prototype":{"polluted":1}}}'],
    'a constructor with a prototype deep inside': ['POST /echo', '[[{"constructor" : {"prototype":null}}]]'],
    'a constructor in escapes': ['POST /echo', '{"c\\u006fnstructor":{"pr\\u006ftotype":{"polluted":1}}}'],
    'a __proto__ in the query': ['GET /cars/x?__proto__=1'],
    'a __proto__ in the query, encoded': ['GET /cars/x?%5F%5Fproto%5f%5f=1'],
    'a __proto__ in the query, twice': ['GET /cars/x?__proto__=1&__proto__=2'],
    'a __proto__ in the query beside a body': ['POST /echo?__proto__=1', '{"a":1}'],
  }
  for (const [name, [line, body]] of Object.entries(poison)) {
    it(`is refused: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(request(line, body))
      const reply = await http.reply()
      assert.equal(reply.status, 400)
      isProblem(reply, 'invalid_argument')
      await victim.isWell()
    })
  }

  for (const body of [
    '{"constructor":"Ferrari"}',
    '{"constructor":{"name":"Ferrari"}}',
    '{"prototype":{"wheels":4}}',
    '{"key":"__proto__"}',
    '{"a__proto__":1,"__proto":2,"proto__":3}',
    '{"toString":1,"hasOwnProperty":2,"valueOf":null,"then":true}',
  ]) {
    it(`passes as plain data: ${body}`, async () => {
      const http = await victim.connect()
      await http.write(request('POST /echo', body))
      const reply = await http.reply()
      assert.deepEqual([reply.status, reply.body], [200, `${body}\n`])
      await victim.isWell('echo')
    })
  }

  for (const query of ['constructor=x', 'toString=x', '__proto__[polluted]=1', 'constructor.prototype.polluted=1']) {
    it(`passes as a parameter that nobody asked for: ${query}`, async () => {
      const http = await victim.connect()
      await http.write(request(`GET /cars/x?${query}`))
      assert.equal((await http.reply()).body, '{"id":"x","doors":3}\n')
      await victim.isWell('car')
    })
  }
})
