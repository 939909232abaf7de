import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leaseArguments, leaseGrant } from './lease-request.ts'

describe('leaseArguments', () => {
  it('are texts in the order of the script', () => {
    const request = { perSecond: 1_000, burst: 50, member: 'm', ask: 3, returned: 0.5, credit: 2, aheadMs: 100 }
    assert.deepEqual(leaseArguments({ ...request, isKnown: true, isLeaving: false }), [
      ...['1000', '50', 'm', '3', '0.5', '2', '100', '0', '0'],
    ])
    assert.deepEqual(leaseArguments({ ...request, isKnown: false, isLeaving: true }).slice(-2), ['1', '1'])
  })
})

describe('leaseGrant', () => {
  it('reads numbers, and texts and large numbers that clients make of them', () => {
    const grant = { now: 1, later: 2, laterMs: 3, processes: 4, againMs: 5 }
    for (const reply of [
      [1, 2, 3, 4, 5],
      ['1', '2', '3', '4', '5'],
      [1n, 2n, 3n, 4n, 5n],
    ])
      assert.deepEqual(leaseGrant(reply), grant)
  })

  it('refuses what the script cannot have given', () => {
    for (const bad of [null, 'OK', [], [1, 2, 3, 4], [1, 2, 3, 4, -5], [1, 2, 3, 4, 'x'], [1, 2, 3, 4, 0.5]])
      assert.throws(() => leaseGrant(bad), /answered the lease with what is none/)
  })
})
