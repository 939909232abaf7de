// Tests of object-text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { Duration } from '../core/duration.ts'
import { bigintText, bytesOf, objectText, unboxed } from './object-text.ts'
import { redact } from './redact.ts'

const text = (value: object) => objectText(value, redact())

describe('objectText', () => {
  it('has moments in RFC 3339, whatever a subclass makes of them', () => {
    assert.equal(text(new Date(0)), '1970-01-01T00:00:00.000Z')
    assert.equal(text(new Date(NaN)), 'Invalid Date')
    class Odd extends Date {
      override getTime(): number {
        throw new Error('no')
      }
      override toISOString(): string {
        return 'odd'
      }
      override valueOf(): number {
        return 7
      }
    }
    assert.equal(text(new Odd(0)), '1970-01-01T00:00:00.000Z')
  })

  it('has durations and patterns as they print themselves', () => {
    assert.equal(text(new Duration(1_500)), '1.5s')
    assert.equal(text(/a+/gi), '/a+/gi')
  })

  it('has addresses without what opens doors', () => {
    assert.equal(
      text(new URL('postgres://app:s3cret@db:5432/orders?sslmode=on')),
      'postgres://app:***@db:5432/orders?sslmode=on',
    )
    assert.equal(
      text(new URL('https://api/v1?page=2&access_token=abc&access_token=def&api_key=k#top')),
      'https://api/v1?page=2&access_token=%5Bredacted%5D&api_key=%5Bredacted%5D#top',
    )
    assert.equal(
      text(new URL('https://app/cb#access_token=abc&state=xyz')),
      'https://app/cb#access_token=%5Bredacted%5D&state=xyz',
    )
    assert.equal(text(new URL('https://app/#/a=b&c')), 'https://app/#/a=b&c')
    assert.equal(objectText(new URL('https://a:b@c/?token=abc'), undefined), 'https://a:***@c/?token=abc')
  })

  it('knows no others', () => {
    for (const other of [{}, [], new Map(), new String('x'), new Error('x'), { toISOString: () => 'x' }])
      assert.equal(text(other), undefined)
  })
})

describe('unboxed', () => {
  it('gives what a box holds', () => {
    const symbol = Symbol('s')
    for (const value of ['text', 7, false, 7n, symbol]) assert.equal(unboxed(Object(value)), value)
    class Odd extends Number {
      override valueOf(): number {
        throw new Error('no')
      }
    }
    assert.equal(unboxed(new Odd(7)), 7)
  })

  it('gives all else back', () => {
    for (const value of [{}, [], { valueOf: () => 7 }]) assert.equal(unboxed(value), value)
  })
})

describe('bytesOf', () => {
  it('gives the bytes of what has bytes', () => {
    const bytes = new Uint8Array([1, 2, 3, 4])
    assert.deepEqual(bytesOf(bytes.subarray(1, 3)), new Uint8Array([2, 3]))
    assert.deepEqual(bytesOf(Buffer.from([1, 2])), new Uint8Array([1, 2]))
    assert.deepEqual(bytesOf(new DataView(bytes.buffer, 2)), new Uint8Array([3, 4]))
    assert.deepEqual(bytesOf(bytes.buffer), bytes)
    assert.deepEqual(bytesOf(new Int8Array([-1])), new Uint8Array([255]))
    assert.deepEqual(bytesOf(new SharedArrayBuffer(2)), new Uint8Array(2))
    assert.deepEqual(bytesOf(runInNewContext('new Uint8Array([7])')), new Uint8Array([7]))
    assert.deepEqual(bytesOf(runInNewContext('new DataView(new ArrayBuffer(1))')), new Uint8Array(1))
  })

  it('takes lists of numbers for lists', () => {
    for (const other of [new Float64Array(1), new BigInt64Array(1), new Uint16Array(1), [1], {}])
      assert.equal(bytesOf(other), undefined)
  })
})

describe('bigintText', () => {
  it('has every digit of what can be read', () => {
    assert.equal(bigintText(-(2n ** 70n)), '-1180591620717411303424')
    assert.equal(bigintText(10n ** 8_000n).length, 8_001)
  })

  it('does not spend seconds on digits that nobody reads', () => {
    assert.equal(bigintText(2n ** 100_000_000n), '[bigint of more than 8192 digits]')
    assert.equal(bigintText(-(2n ** 100_000_000n)), '[bigint of more than 8192 digits]')
  })
})
