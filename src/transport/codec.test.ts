// Tests of codec.ts: what JSON carries and back, and what a stranger may not send.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../core/errors.ts'
import { jsonCodec } from './codec.ts'

const codec = jsonCodec()
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (message: unknown) => new TextDecoder().decode(codec.encode(message))

/** What decoding fails with. */
function refused(raw: Uint8Array | string, with_ = codec): ServiceError {
  try {
    with_.decode(typeof raw === 'string' ? bytes(raw) : raw)
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, String(thrown))
    assert.equal(thrown.code, 'invalid_argument')
    return thrown
  }
  throw new assert.AssertionError({ message: `it should be refused: ${raw}` })
}

const decoded = (json: string) => codec.decode(bytes(json))
/** Any JSON but that with the one key which is never let in. */
const harmless = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__"'))
const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)

describe('jsonCodec', () => {
  it('names its media type', () => {
    assert.equal(codec.contentType, 'application/json')
  })

  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(harmless, (value) => {
        assert.equal(JSON.stringify(codec.decode(codec.encode(value))), JSON.stringify(value))
      }),
    )
  })

  it('gives back every text, lone surrogates included', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
        (value) => {
          assert.equal(codec.decode(codec.encode(value)), value)
          assert.deepEqual(codec.decode(codec.encode({ [`k${value}`]: value })), { [`k${value}`]: value })
        },
      ),
    )
  })

  it('carries undefined as no bytes at all', () => {
    assert.equal(codec.encode(undefined).length, 0)
    assert.equal(codec.decode(new Uint8Array()), undefined)
    assert.equal(codec.decode(codec.encode(null)), null)
  })

  it('writes what JSON writes', () => {
    const message = { at: new Date(0), left: undefined, nan: Number.NaN, text: 'ä€😀' }
    assert.equal(text(message), '{"at":"1970-01-01T00:00:00.000Z","nan":null,"text":"ä€😀"}')
  })

  it('throws what JSON throws for what it cannot write', () => {
    const circle: unknown[] = []
    circle.push(circle)
    for (const message of [10n, { count: 10n }, circle]) assert.throws(() => codec.encode(message), TypeError)
  })

  it('reads a part of a larger buffer, and a Buffer', () => {
    assert.equal(codec.decode(bytes('xx"ab"xx').subarray(2, 6)), 'ab')
    assert.deepEqual(codec.decode(Buffer.from('{"a":1}')), { a: 1 })
  })

  it('reads white space around a message, as JSON has it', () => {
    assert.deepEqual(decoded(' \t\r\n{"a": 1}\n'), { a: 1 })
  })

  it('reads a number beyond the range as infinite, as JSON.parse does', () => {
    assert.deepEqual(decoded('[1e999, -1e999]'), [Infinity, -Infinity])
  })
})

describe('a message is refused', () => {
  it('when it is no JSON', () => {
    const bad = ['{', '{"a":1', '"abc', '[1,', 'tru', '-', '{"a":1}}', '[] []', '1 2', '{a:1}', "'a'", 'NaN', '01', ' ']
    for (const json of [...bad, '\n', '[1,]', '//', '"\u0001"', '"\\x"', '\u0000']) {
      assert.match(refused(json).message, /not JSON in UTF-8/)
    }
  })

  it('when it begins with a byte order mark', () => {
    refused('\ufeff{"a":1}')
    assert.equal(decoded('"\ufeff"'), '\ufeff')
  })

  it('when it is not UTF-8', () => {
    const bad = [
      [0xff],
      [0x22, 0xc3, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xf5, 0x22],
    ]
    for (const raw of bad) assert.match(refused(new Uint8Array(raw)).message, /not JSON in UTF-8/)
    refused(new Uint8Array([0x22, 0xe2, 0x82]))
    assert.equal(codec.decode(new Uint8Array([0x22, 0xe2, 0x82, 0xac, 0x22])), '€', 'and the next one is read afresh')
  })

  it('with a text that shows nothing of it', () => {
    const { message, cause } = refused('{"password": secret}')
    assert.doesNotMatch(message, /secret|password/)
    assert.ok(cause instanceof SyntaxError)
  })

  it('when its keys would poison a prototype, however they are written', () => {
    const poison = [
      '{"__proto__": {"admin": true}}',
      '{"__proto__": 1}',
      '{"__proto__": null}',
      '[[{"a": [{"__proto__": {}}]}]]',
      '{"\\u005f_proto__": {}}',
      '{"\\u005F\\u005fproto\\u005f\\u005f": {}}',
      '{"__proto__": 1, "__proto__": 2}',
      '{"constructor": {"prototype": {"admin": true}}}',
      '{"constructor": {"prototype": null}}',
      '{"c\\u006fnstructor": {"prototype": {}}}',
      '{"constructor" : {"\\u0070rototype": {}}}',
      '{"a": {"constructor": {"x": 1, "prototype": 1}}}',
      '{"constructor": {"constructor": {"prototype": {}}}}',
    ]
    for (const json of poison) assert.match(refused(json).message, /the key (?:__proto__|constructor) is not allowed/)
  })

  it('but not for what only looks like poison', () => {
    const harmless = [
      '{"constructor":"Ferrari"}',
      '{"constructor":null}',
      '{"constructor":{"name":"Ferrari"}}',
      '{"constructor":["prototype"]}',
      '{"prototype":{"constructor":1}}',
      '"__proto__"',
      '["__proto__","constructor"]',
      '{"a":"\\u005f_proto__"}',
      '{"__proto":1,"_proto__":2,"proto":3}',
      '{"name":"\\u00e4","note":"\\"__proto__\\":"}',
    ]
    for (const json of harmless) assert.deepEqual(decoded(json), JSON.parse(json))
  })

  it('when it is poisoned anywhere, and only then', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('constructor', 'prototype', 'a'))
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(1, 'x', null, '__proto__'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }))
    const isPoisoned = (found: unknown): boolean => {
      if (typeof found !== 'object' || found === null) return false
      const made: unknown = Object.getOwnPropertyDescriptor(found, 'constructor')?.value
      if (typeof made === 'object' && made !== null && Object.hasOwn(made, 'prototype')) return true
      return Object.hasOwn(found, '__proto__') || Object.values(found).some(isPoisoned)
    }
    fc.assert(
      fc.property(value, fc.boolean(), (message, escaped) => {
        const plain = JSON.stringify(message)
        const json = escaped ? plain.replaceAll('o', '\\u006f') : plain
        if (isPoisoned(message)) refused(json)
        else assert.deepEqual(decoded(json), JSON.parse(json))
      }),
    )
  })

  it('when it nests too deep, 100 levels unless told otherwise', () => {
    decoded(nested(100))
    decoded(nested(99, '{"a":', '}').replace(':}', ':1}'))
    assert.match(refused(nested(101)).message, /nests deeper than 100/)
    assert.match(refused(nested(101, '{"a":', '}').replace(':}', ':{}}')).message, /nests deeper than 100/)
    const shallow = jsonCodec({ maxDepth: 1 })
    assert.deepEqual(shallow.decode(bytes('{"a":1}')), { a: 1 })
    assert.match(refused('[[]]', shallow).message, /nests deeper than 1/)
    refused('{"a":{}}', shallow)
  })

  it('but not when it is only wide', () => {
    const wide = `[${Array(500).fill('{"a":[]}').join(',')}]`
    assert.deepEqual(decoded(wide), JSON.parse(wide))
  })

  it('before anything is built of it', () => {
    refused('['.repeat(5_000_000))
    refused(`${']'.repeat(1_000)}${'['.repeat(1_000)}`)
    refused(`[${'{"a":['.repeat(100_000)}`)
  })

  it('but brackets in strings are no depth', () => {
    const brackets = nested(200)
    assert.equal(decoded(JSON.stringify(brackets)), brackets)
    const tricky = { 'a"[[': '\\', b: '\\"[[[', c: ['"'] }
    const shallow = jsonCodec({ maxDepth: 2 })
    assert.deepEqual(shallow.decode(bytes(JSON.stringify(tricky))), tricky)
  })

  it('exactly when its depth is above the limit', () => {
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom<unknown>(1, '[{', '\\"]'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', '"[', '\\'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
      ),
    }))
    const depthOf = (found: unknown): number =>
      typeof found === 'object' && found !== null ? 1 + Math.max(0, ...Object.values(found).map(depthOf)) : 0
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 6 }), (message, maxDepth) => {
        const limited = jsonCodec({ maxDepth })
        const json = JSON.stringify(message)
        if (depthOf(message) > maxDepth) refused(json, limited)
        else assert.deepEqual(limited.decode(bytes(json)), message)
      }),
    )
  })

  it('by a limit that is itself refused when it makes no sense', () => {
    for (const maxDepth of [0, -1, 1.5, Number.NaN, Infinity, 10_001]) {
      assert.throws(() => jsonCodec({ maxDepth }), {
        name: 'RangeError',
        message: /^maxDepth must be an integer from 1/,
      })
    }
    const deep = jsonCodec({ maxDepth: 10_000 })
    deep.decode(bytes(`${nested(9_999)}`))
    refused(`{"a":${nested(9_000)},"\\u005f_proto__":1}`, deep)
  })
})
