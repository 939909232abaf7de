// Tests of bsd-timestamp.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bsdTimestamps } from './bsd-timestamp.ts'

describe('timestamps of BSD', () => {
  it('are local, without a year, and have a space before a short day', () => {
    const text = bsdTimestamps()
    assert.equal(text(new Date(2026, 10, 1, 7, 4, 5, 999).getTime()), 'Nov  1 07:04:05')
    assert.equal(text(new Date(2026, 10, 1, 7, 4, 5, 1).getTime()), 'Nov  1 07:04:05')
    assert.equal(text(new Date(2027, 0, 31, 23, 59, 59).getTime()), 'Jan 31 23:59:59')
    assert.equal(text(new Date(1969, 5, 10, 0, 0, 0).getTime() - 1), 'Jun  9 23:59:59')
  })

  it('have a form also for what is no moment', () => {
    for (const at of [NaN, Infinity, 1e20]) assert.match(bsdTimestamps()(at), /^(?:Jan {2}1|Dec 31) \d\d:\d\d:\d\d$/)
  })
})
