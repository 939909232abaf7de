// Tests of timestamp.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { timestamps } from './timestamp.ts'

const timestamp = timestamps()

describe('timestamps', () => {
  it('is RFC 3339 in UTC with milliseconds', () => {
    assert.equal(timestamp(Date.UTC(2026, 10, 21, 17, 4, 5, 7)), '2026-11-21T17:04:05.007Z')
    assert.equal(timestamp(0), '1970-01-01T00:00:00.000Z')
  })

  it('is what Date has, for whatever moments come one after the other', () => {
    const anchor = Date.UTC(2026, 0, 1)
    const moments = fc.oneof(
      fc.integer({ min: anchor - 3_000, max: anchor + 3_000 }),
      fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
      fc.double({ min: anchor, max: anchor + 2, noNaN: true }),
      fc.double({ min: -2, max: 2, noNaN: true }),
    )
    fc.assert(
      fc.property(fc.array(moments, { maxLength: 20 }), (all) => {
        for (const at of all) assert.equal(timestamp(at), new Date(Math.floor(at)).toISOString())
      }),
    )
  })

  it('says of what is no moment that it is none, and is right again afterwards', () => {
    for (const at of [NaN, Infinity, -Infinity, 8.64e15 + 1_000]) {
      assert.equal(timestamp(at), 'Invalid Date')
      assert.equal(timestamp(1_500), '1970-01-01T00:00:01.500Z')
    }
  })
})
