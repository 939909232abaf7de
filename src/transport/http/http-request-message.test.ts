// Tests of http-request-message.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonCodec } from '../codec.ts'
import { HttpRequestMessage, type HttpRequestParts } from './http-request-message.ts'

function message(parts: Partial<HttpRequestParts> & { readonly text?: string } = {}): HttpRequestMessage {
  return new HttpRequestMessage({
    method: 'POST',
    target: '/a%20b?x=1',
    path: '/a%20b',
    query: 'x=1',
    headers: new Map([['host', 'h']]),
    parameters: [],
    body: new TextEncoder().encode(parts.text),
    stream: (async function* () {})(),
    codec: jsonCodec({ maxDepth: 2 }),
    ...parts,
  })
}

describe('HttpRequestMessage', () => {
  it('holds verb, target, path and headers as they were sent', () => {
    const { method, target, path, headers } = message()
    assert.deepEqual([method, target, path, headers.get('host')], ['POST', '/a%20b?x=1', '/a%20b', 'h'])
  })

  it('gives the parameters of the path by name', () => {
    const { parameters } = message({
      parameters: [
        ['id', 'a b'],
        ['__proto__', 'x'],
      ],
    })
    assert.deepEqual([parameters.get('id'), parameters.get('__proto__'), parameters.size], ['a b', 'x', 2])
    assert.equal(parameters.get('constructor'), undefined)
  })

  it('gives the parameters of the query in order, decoded', () => {
    const { query } = message({ query: 'b=1+2&a=%C3%A4&b=3' })
    assert.deepEqual(
      [...query],
      [
        ['b', '1 2'],
        ['a', 'ä'],
        ['b', '3'],
      ],
    )
    assert.deepEqual([...message({ query: '' }).query], [])
  })

  it('refuses a query that cannot be decoded, when it is asked for', () => {
    const unreadable = message({ query: 'a=%ff' })
    assert.throws(() => unreadable.query, { code: 'invalid_argument' })
  })

  it('reads its body as strictly as that of a contract', () => {
    assert.deepEqual(message({ text: '{"a":[1]}' }).json(), { a: [1] })
    assert.equal(message({ text: '' }).json(), undefined)
    for (const text of ['{', '[[[]]]', '{"__proto__":1}']) {
      assert.throws(() => message({ text }).json(), { code: 'invalid_argument' })
    }
  })

  it('reads its body as text, with a mark for what is not UTF-8', () => {
    assert.equal(message({ text: 'ä€' }).text(), 'ä€')
    assert.equal(message({ body: new Uint8Array([0x61, 0xff]) }).text(), 'a\ufffd')
  })
})
