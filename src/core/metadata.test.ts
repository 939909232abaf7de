// Tests of metadata.ts: what strangers send is read or ignored and never an error; what the program sets itself is checked.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  checkHeader,
  headerNames,
  mergeBaggage,
  metadataLimits,
  readBaggageMember,
  readCount,
  readTraceContext,
} from './metadata.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const valid = `00-${traceId}-${spanId}-01`

/** Every UTF-16 code unit, with a liking for what headers are made of. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('=', ',', ';', '%', ' ', '%4', '%zz', 'a', '0', '-', '00', '\t', '\r\n'),
      fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

const readTrace = (traceparent: string, tracestate?: string) => {
  const headers = new Map([['traceparent', traceparent]])
  if (tracestate !== undefined) headers.set('tracestate', tracestate)
  return readTraceContext(headers)
}

describe('headerNames', () => {
  it('are names that every wire carries, in lower case', () => {
    for (const name of Object.values(headerNames)) assert.equal(checkHeader(name, 'value'), name)
  })
})

describe('readTraceContext', () => {
  it('reads a trace position and keeps both headers as they came', () => {
    assert.deepEqual(readTrace(valid, 'rojo=00f067aa0ba902b7, congo=t61'), {
      traceId,
      spanId,
      sampled: true,
      traceparent: valid,
      tracestate: 'rojo=00f067aa0ba902b7, congo=t61',
    })
    assert.equal(readTrace(valid)?.tracestate, '')
    assert.deepEqual(readTraceContext(new Headers({ Traceparent: valid })), readTrace(valid))
  })

  it('looks at one bit of the flags only', () => {
    const sampled = ['00', '01', '02', '03', 'fe', 'ff'].map(
      (flags) => readTrace(`${valid.slice(0, -2)}${flags}`)?.sampled,
    )
    assert.deepEqual(sampled, [false, true, false, true, false, true])
  })

  it('reads what it knows of versions to come', () => {
    for (const traceparent of [
      `01-${traceId}-${spanId}-01`,
      `cc-${traceId}-${spanId}-01-what-the-future-will-be-like`,
      `fe-${traceId}-${spanId}-01-`,
    ]) {
      assert.deepEqual(readTrace(traceparent), { traceId, spanId, sampled: true, traceparent, tracestate: '' })
    }
  })

  it('ignores what is not valid', () => {
    const invalid = {
      'no header': undefined,
      'an empty one': '',
      'the forbidden version': `ff-${traceId}-${spanId}-01`,
      'a version in upper case': `CC-${traceId}-${spanId}-01`,
      'a version of one digit': `0-${traceId}-${spanId}-01`,
      'a version that is no number': `.0-${traceId}-${spanId}-01`,
      'a trace id of zeros': `00-${'0'.repeat(32)}-${spanId}-01`,
      'a span id of zeros': `00-${traceId}-${'0'.repeat(16)}-01`,
      'a trace id in upper case': `00-${traceId.toUpperCase()}-${spanId}-01`,
      'a span id in upper case': `00-${traceId}-${spanId.toUpperCase()}-01`,
      'a short trace id': `00-${traceId.slice(1)}-${spanId}-01`,
      'a long trace id': `00-${traceId}0-${spanId}-01`,
      'a short span id': `00-${traceId}-${spanId.slice(1)}-01`,
      'a long span id': `00-${traceId}-${spanId}0-01`,
      'ids with other letters': `00-${traceId.replace('a', 'g')}-${spanId}-01`,
      'short flags': `00-${traceId}-${spanId}-1`,
      'long flags': `00-${traceId}-${spanId}-011`,
      'flags in upper case': `00-${traceId}-${spanId}-0A`,
      'no flags': `00-${traceId}-${spanId}`,
      'more than version 00 has': `${valid}-more`,
      'a dash behind version 00': `${valid}-`,
      'more of a version to come, without a dash': `01-${traceId}-${spanId}-01.more`,
      'a line end': `${valid}\n`,
      'spaces around': ` ${valid} `,
      'the header twice': `${valid}, ${valid}`,
      'the header twice, of a version to come': `01${valid.slice(2)},01${valid.slice(2)}`,
      'a version to come with a line end': `01-${traceId}-${spanId}-01-a\r\nhost: b`,
      'a version to come that no wire carries': `01-${traceId}-${spanId}-01-ä`,
      'a version to come with a control character': `01-${traceId}-${spanId}-01-\0`,
      'a version to come without end': `01-${traceId}-${spanId}-01-${'a'.repeat(metadataLimits.tracestateChars)}`,
    }
    for (const [what, traceparent] of Object.entries(invalid)) {
      const headers = new Map(traceparent === undefined ? [] : [['traceparent', traceparent] as const])
      assert.equal(readTraceContext(headers), undefined, what)
    }
  })

  it('keeps the position and drops the state when that is too long, or nothing that every wire carries', () => {
    const longest = 'a'.repeat(metadataLimits.tracestateChars)
    assert.equal(readTrace(valid, longest)?.tracestate, longest)
    for (const tracestate of [`${longest}a`, 'a=ä', 'a=\n', 'a=\r\nhost: b', 'a=1,\tb=2', 'a=\x7f']) {
      assert.deepEqual([readTrace(valid, tracestate)?.tracestate, readTrace(valid, tracestate)?.spanId], ['', spanId])
    }
  })

  it('ignores the state of a caller that sent no position', () => {
    assert.equal(readTraceContext(new Map([['tracestate', 'a=1']])), undefined)
  })

  it('takes exactly what the standard allows, whatever is changed in a valid one', () => {
    const anyChange = fc.record({
      at: fc.nat(60),
      remove: fc.nat(2),
      insert: fc.oneof(fc.constantFrom('', '0', 'a', 'f', 'A', '-', '-00', ' ', '\n'), anyText),
    })
    const changed = (text: string, changes: readonly { at: number; remove: number; insert: string }[]) =>
      changes.reduce((so, { at, remove, insert }) => so.slice(0, at) + insert + so.slice(at + remove), text)
    const hex = (text: string | undefined, length: number) => text?.length === length && /^[0-9a-f]*$/.test(text)
    const isAllowed = (text: string) => {
      const [version, trace, span, flags, ...more] = text.split('-')
      if (!hex(version, 2) || !hex(trace, 32) || !hex(span, 16) || !hex(flags, 2) || version === 'ff') return false
      if (/^0+$/.test(trace ?? '') || /^0+$/.test(span ?? '')) return false
      return version === '00' ? more.length === 0 : /^[ -~]*$/.test(more.join('-'))
    }
    fc.assert(
      fc.property(fc.constantFrom('00', '01', 'ff'), fc.array(anyChange, { maxLength: 2 }), (version, changes) => {
        const text = changed(`${version}${valid.slice(2)}`, changes)
        const trace = readTrace(text)
        assert.equal(trace !== undefined, isAllowed(text))
        if (trace !== undefined) assert.equal(text.split('-').slice(1, 3).join(), `${trace.traceId},${trace.spanId}`)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('readCount', () => {
  const count = (text: string, max = 1_000) => readCount(new Map([['n', text]]), 'n', max)

  it('reads a whole number from 1 on, and the largest one that is allowed for any larger one', () => {
    const counts = ['1', '9', '10', '999', '1000', '1001', '0099', '9007199254740993', '9'.repeat(16)].map((n) =>
      count(n),
    )
    assert.deepEqual(counts, [1, 9, 10, 999, 1_000, 1_000, 99, 1_000, 1_000])
    assert.equal(count('86400000', Infinity), 86_400_000)
  })

  it('ignores anything else', () => {
    const others = [
      '',
      '0',
      '00',
      '-1',
      '+1',
      '1.5',
      '1.',
      '1e3',
      '0x10',
      ' 1',
      '1 ',
      '1\n',
      '1,1',
      '1, 1',
      '٣',
      '½',
      'a',
    ]
    for (const text of [...others, 'NaN', 'Infinity', '1n', '1_000', '1'.repeat(17), '9'.repeat(1_000)]) {
      assert.equal(count(text), undefined, text)
    }
  })

  it('ignores a header that is not there', () => {
    assert.equal(readCount(new Map(), 'n', 10), undefined)
    assert.equal(readCount(new Headers(), 'n', 10), undefined)
    assert.equal(readCount(new Headers({ N: '5' }), 'n', 10), 5)
  })

  it('gives a number within its range or nothing, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.nat().map(String)), fc.integer({ min: 1 }), (text, max) => {
        const expected = /^\d{1,16}$/.test(text) && Number(text) > 0 ? Math.min(Number(text), max) : undefined
        assert.equal(count(text, max), expected)
      }),
    )
  })
})

describe('readBaggageMember', () => {
  const member = (baggage: string, name = 'a') => readBaggageMember(new Map([['baggage', baggage]]), name)

  it('reads the value of a member, percent-decoded, without its properties and the spaces around it', () => {
    const cases: [baggage: string, value: string][] = [
      ['a=1', '1'],
      ['b=2,a=1', '1'],
      ['b=2 ,\ta \t=\t1 , c=3', '1'],
      ['a=1;property;other=2', '1'],
      ['a=1 ;property', '1'],
      ['a=', ''],
      ['a=;property', ''],
      ['a=%20%C3%A4%2C%3B%3D%25', ' ä,;=%'],
      ['a=b=c', 'b=c'],
      ['a=b+c', 'b+c'],
      ['a=1,a=2', '1'],
      ['a=ä', 'ä'],
    ]
    for (const [baggage, value] of cases) assert.equal(member(baggage), value, baggage)
    assert.equal(readBaggageMember(new Headers({ Baggage: 'a=1' }), 'a'), '1')
  })

  it('gives nothing for what is not there, or cannot be decoded', () => {
    for (const baggage of [
      '',
      ',',
      'a',
      'a;b=1',
      'A=1',
      'aa=1',
      'b=a=1',
      '=1',
      ' =a',
      'b;a=1',
      'a=%',
      'a=%zz',
      'a=%C3',
    ]) {
      assert.equal(member(baggage), undefined, baggage)
    }
    assert.equal(readBaggageMember(new Map(), 'a'), undefined)
    assert.equal(member('=1', ''), undefined)
    assert.equal(member('a=1', '__proto__'), undefined)
  })

  it('looks at no header beyond the limit', () => {
    const padded = (length: number) => `a=1,b=${'c'.repeat(length - 6)}`
    assert.equal(member(padded(metadataLimits.baggageBytes)), '1')
    assert.equal(member(padded(metadataLimits.baggageBytes + 1)), undefined)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(anyText, (baggage) => {
        const value = member(baggage)
        assert.ok(value === undefined || baggage.includes('a'))
      }),
    )
  })
})

describe('mergeBaggage', () => {
  const merged = (own: string | undefined, inherited: string | null | undefined) => {
    const out = new Map(own === undefined ? [] : [['baggage', own] as const])
    mergeBaggage(out, inherited)
    return out.get('baggage')
  }

  it('passes on what was inherited as it came', () => {
    const inherited = ' userId=alice ; secret=1 ,,broken, b=%zz'
    assert.equal(merged(undefined, inherited), inherited)
  })

  it('keeps its own members and adds the others with their properties', () => {
    assert.equal(merged('a=1', 'b=2;p=3;q , a=9, c=4 ,a=8'), 'a=1,b=2;p=3;q,c=4')
    assert.equal(merged('a=1;p', 'aa=2'), 'a=1;p,aa=2')
  })

  it('leaves its own alone where nothing is inherited', () => {
    for (const inherited of [undefined, null, '', ',', 'no member']) assert.equal(merged('a=1', inherited), 'a=1')
    for (const inherited of [undefined, null, '']) assert.equal(merged(undefined, inherited), undefined)
  })

  it('passes on nothing that a stricter wire would refuse', () => {
    for (const inherited of ['b=ä', 'b=1\r\nhost: c', 'b=\0', 'b=1,\tc=2', 'b=\x7f']) {
      assert.equal(merged(undefined, inherited), undefined)
      assert.equal(merged('a=1', inherited), 'a=1')
    }
  })

  it('drops what was inherited when there would be more than the limit', () => {
    const limit = metadataLimits.baggageBytes
    const fits = `b=${'c'.repeat(limit - 6)}`
    assert.equal(merged('a=1', fits)?.length, limit)
    assert.equal(merged('a=1', `${fits}c`), 'a=1')
    assert.equal(merged(undefined, 'b'.repeat(limit))?.length, limit)
    assert.equal(merged(undefined, 'b'.repeat(limit + 1)), undefined)
    assert.equal(merged('a=1', `b=${'c'.repeat(limit)}`), 'a=1')
  })

  it('gives every member its own value, else the first one that was inherited', () => {
    const anyMembers = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(9)), { maxLength: 6 })
    fc.assert(
      fc.property(anyMembers, anyMembers, (own, inherited) => {
        const text = (members: readonly (readonly [string, number])[]) =>
          members.map((each) => each.join('=')).join(',')
        const headers = new Map(own.length === 0 ? [] : [['baggage', text(own)] as const])
        mergeBaggage(headers, text(inherited))
        for (const name of ['a', 'b', 'c', 'd']) {
          const first = [...own, ...inherited].find(([member]) => member === name)
          assert.equal(readBaggageMember(headers, name), first === undefined ? undefined : String(first[1]))
        }
      }),
    )
  })
})

describe('checkHeader', () => {
  it('gives the name in lower case', () => {
    assert.equal(checkHeader('X-Custom', 'any value: 1, 2; "3"'), 'x-custom')
    assert.equal(checkHeader("!#$%&'*+-.^_`|~09azAZ", ''), "!#$%&'*+-.^_`|~09azaz")
    for (let code = 0x21; code < 0x7f; code++) checkHeader('x', String.fromCharCode(code))
  })

  it('refuses a name that is no token', () => {
    for (const name of ['', ' ', 'a b', 'a:', ':path', 'a\n', '\na', 'a\r\nb', 'ä', 'a/b', '"a"', 'a,b', 'a\0', 'İ']) {
      assert.throws(() => checkHeader(name, 'v'), {
        name: 'TypeError',
        message: `header name ${JSON.stringify(name)} must be an HTTP token (RFC 9110, 5.6.2)`,
      })
    }
  })

  it('refuses a value that some wire would change or refuse', () => {
    for (const value of [' ', ' a', 'a ', 'a\n', '\na', 'a\r\nb: c', 'a\tb', '\0', 'ä', '\x7f', '€', '\u2028']) {
      assert.throws(() => checkHeader('X-Custom', value), /TypeError: value of header x-custom must be visible ASCII/)
    }
    for (const value of [undefined, null, 5, ['a'], { toString: () => 'a' }]) {
      assert.throws(() => checkHeader('x', value as never), /TypeError: value of header x must be visible ASCII/)
    }
  })

  it('does not print the value, which may be a secret with a line end', () => {
    assert.throws(
      () => checkHeader('authorization', 'Bearer s3cret\n'),
      (error) => error instanceof TypeError && !error.message.includes('s3cret'),
    )
  })
})
