// Tests of context-key.ts: which keys can be made, and how their values cross a wire.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ContextKey, contextKey, headerKey, type InboundValues } from './context-key.ts'
import { headerNames, type Metadata } from './metadata.ts'

const everyTokenChar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

const sentWith = (headers: Metadata): InboundValues => ({ headers, requestId: 'id', trusted: false })

/** The baggage once a value is written to it. */
function baggageOf<T>(key: ContextKey<T>, value: T, headers = new Map<string, string>()): string | undefined {
  key.wire?.write(value, headers)
  assert.deepEqual([...headers.keys()], [headerNames.baggage])
  return headers.get(headerNames.baggage)
}

const read = <T>(key: ContextKey<T>, baggage: string): T | undefined =>
  key.wire?.read(sentWith(new Map([[headerNames.baggage, baggage]])))

/** Every UTF-16 code unit, halves of surrogate pairs among them. */
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes))

describe('contextKey', () => {
  it('is a frozen value that says its name, how far it goes and what it gives where nothing was set', () => {
    for (const scope of ['hop', 'request'] as const) {
      const key = contextKey('any name, even this one', { scope, fallback: 5 })
      assert.deepEqual(key, { name: 'any name, even this one', scope, fallback: 5, wire: undefined })
      assert.ok(Object.isFrozen(key))
    }
    const key = contextKey('tenant', { scope: 'wire', fallback: 'none' })
    assert.deepEqual([key.name, key.scope, key.fallback, Object.isFrozen(key)], ['tenant', 'wire', 'none', true])
  })

  it('refuses a name that could not be the name of a member of baggage', () => {
    for (const name of [
      '',
      ' ',
      'a b',
      'a=b',
      'a,b',
      'a;b',
      'a"b',
      'a/b',
      'a:b',
      'a(b',
      'a[b',
      'ä',
      'a\n',
      '\na',
      'a\0',
    ]) {
      assert.throws(() => contextKey(name, { scope: 'wire', fallback: '' }), {
        name: 'TypeError',
        message: `a context key of scope wire must be named by a token (RFC 9110, 5.6.2), but is ${JSON.stringify(name)}`,
      })
    }
  })

  it('takes every name that is a token', () => {
    const key = contextKey(everyTokenChar, { scope: 'wire', fallback: '' })
    assert.equal(read(key, `${everyTokenChar}=a`), 'a')
  })

  it('writes text as a member of the baggage that holds only what a member may hold', () => {
    const key = contextKey('tenant', { scope: 'wire', fallback: '' })
    fc.assert(
      fc.property(anyText, (text) => {
        // W3C Baggage, 3.2.1.3: baggage-octet.
        assert.match(baggageOf(key, text) ?? '', /^tenant=[!#-+\--:<-[\]-~]*$/)
      }),
    )
  })

  it('reads what it wrote, whatever the text, but for halves of characters', () => {
    const key = contextKey('tenant', { scope: 'wire', fallback: '' })
    fc.assert(
      fc.property(anyText, (text) => {
        assert.equal(read(key, baggageOf(key, text) ?? ''), text.toWellFormed())
      }),
    )
  })

  it('adds its member behind the ones that are there', () => {
    const tenant = contextKey('tenant', { scope: 'wire', fallback: '' })
    const region = contextKey('region', { scope: 'wire', fallback: '' })
    const headers = new Map<string, string>()
    assert.equal(baggageOf(tenant, 'a b', headers), 'tenant=a%20b')
    assert.equal(baggageOf(region, 'c,d', headers), 'tenant=a%20b,region=c%2Cd')
  })

  it('turns values into text and back with the functions that it is given', () => {
    const key = contextKey<Date>('since', {
      scope: 'wire',
      fallback: new Date(0),
      encode: (date) => date.toISOString(),
      decode: (text) => new Date(text),
    })
    const value = new Date(1_234_567)
    assert.equal(baggageOf(key, value), 'since=1970-01-01T00%3A20%3A34.567Z')
    assert.deepEqual(read(key, 'since=1970-01-01T00%3A20%3A34.567Z'), value)
  })

  it('counts what makes no sense as not sent, be it that decoding gives undefined or throws', () => {
    const key = contextKey<number>('n', {
      scope: 'wire',
      fallback: 0,
      encode: String,
      decode: (text) => {
        if (text === 'throw') throw new Error('no sense')
        return text === 'none' ? undefined : Number(text)
      },
    })
    assert.deepEqual(
      ['n=12', 'n=throw', 'n=none', 'n=%zz', 'm=5', 'nn=5', 'N=5', 'n', ''].map((baggage) => read(key, baggage)),
      [12, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined],
    )
  })

  it('lets an error of its own encoding through', () => {
    const encode = () => {
      throw new RangeError('not encodable')
    }
    const key = contextKey<number>('n', { scope: 'wire', fallback: 0, encode, decode: Number })
    assert.throws(() => baggageOf(key, 1), /not encodable/)
  })

  it('reads from the headers of the platform too', () => {
    const key = contextKey('tenant', { scope: 'wire', fallback: '' })
    assert.equal(key.wire?.read(sentWith(new Headers({ Baggage: 'tenant=a%20b' }))), 'a b')
    assert.equal(key.wire?.read(sentWith(new Headers())), undefined)
  })
})

describe('headerKey', () => {
  it('has a form of its own on the wire, whatever its scope', () => {
    const wire = {
      read: ({ headers, trusted }: InboundValues) => (trusted ? undefined : (headers.get('x-n') ?? undefined)),
      write: (value: string, headers: Map<string, string>) => void headers.set('x-n', value),
    }
    const key = headerKey('n', 'hop', 'none', wire)
    assert.deepEqual(key, { name: 'n', scope: 'hop', fallback: 'none', wire })
    assert.ok(Object.isFrozen(key))
    const headers = new Map<string, string>()
    key.wire?.write('5', headers)
    assert.equal(key.wire?.read(sentWith(headers)), '5')
  })
})
