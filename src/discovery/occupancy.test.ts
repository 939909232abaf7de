import assert from 'node:assert/strict'
import { it } from 'node:test'
import { VirtualCandidate } from '../testing/conformance/balancer-harness.ts'
import { occupancy } from './occupancy.ts'

function withCalls(inFlight: number, weight: number): VirtualCandidate {
  const candidate = new VirtualCandidate({ id: 'a', address: 'a:80', weight })
  candidate.inFlight = inFlight
  return candidate
}

it('counts the new call, by weight', () => {
  assert.equal(occupancy(withCalls(3, 1)), 4)
  assert.equal(occupancy(withCalls(3, 8)), 0.5)
  assert.ok(occupancy(withCalls(0, 2)) < occupancy(withCalls(0, 1)))
})

it('is infinite for what weighs nothing', () => {
  assert.equal(occupancy(withCalls(0, 0)), Infinity)
  assert.equal(occupancy(withCalls(5, 0)), Infinity)
})
