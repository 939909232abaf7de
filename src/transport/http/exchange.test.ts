// Tests of exchange.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tooLarge, tooSlow } from './exchange.ts'

describe('a body', () => {
  it('that is too large is the fault of the caller, and no retry helps', () => {
    const { status, error } = tooLarge(1_024)
    assert.deepEqual([status, error.code, error.retry], [413, 'invalid_argument', 'never'])
    assert.match(error.message, /larger than 1024 bytes/)
  })

  it('that does not come in time may be sent again, since nothing was done', () => {
    const { status, error } = tooSlow(30_000)
    assert.deepEqual([status, error.code, error.retry], [408, 'deadline_exceeded', 'safe'])
    assert.match(error.message, /within 30000 ms/)
  })
})
