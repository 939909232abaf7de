// Tests of nanoseconds.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Nanoseconds } from './nanoseconds.ts'

describe('Nanoseconds', () => {
  it('are the milliseconds, and below them what nobody else has', () => {
    const nanoseconds = new Nanoseconds(() => 0.123_456)
    assert.equal(nanoseconds.at(1_767_225_600_000.75), '1767225600000123457')
    assert.equal(nanoseconds.at(1_767_225_600_000), '1767225600000123458')
    assert.equal(nanoseconds.at(1_767_225_599_000), '1767225599000123459')
  })

  it('keep their digits when they begin anew', () => {
    const nanoseconds = new Nanoseconds(() => 0.999_999)
    assert.equal(nanoseconds.at(1_000), '1000000000')
    assert.equal(nanoseconds.at(1_000), '1000000001')
  })
})
