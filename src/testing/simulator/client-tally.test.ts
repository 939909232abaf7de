// Tests of client-tally.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClientTally } from './client-tally.ts'

describe('ClientTally', () => {
  it('has the attempts of a call, and begins anew', () => {
    const tally = new ClientTally('leaf')
    tally.calls = 2
    tally.attempts = 3
    assert.deepEqual(tally.report, { server: 'leaf', calls: 2, attempts: 3, attemptsPerCall: 1.5 })
    tally.begin()
    assert.deepEqual(tally.report, { server: 'leaf', calls: 0, attempts: 0, attemptsPerCall: 0 })
  })
})
