import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type VirtualCandidate, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { Share } from './share.ts'

const [candidate] = virtualCandidates(['a'], () => ({ weight: 4 })) as [VirtualCandidate]

it('has a slot for each call, one behind the other', () => {
  const share = new Share(candidate, 0, 0)
  assert.deepEqual([share.key, share.startsAt, share.endsAt], [0, 0, 0.25])
  share.next()
  assert.deepEqual([share.key, share.startsAt, share.endsAt], [0.25, 0.25, 0.5])
})

it('begins earlier when it is owed a call, and later when it had one too early', () => {
  assert.equal(new Share(candidate, 0, 1).startsAt, -0.25)
  assert.equal(new Share(candidate, 0, -1).startsAt, 0.25)
})

it('adds up no fractions', () => {
  const [third] = virtualCandidates(['a'], () => ({ weight: 0.1 })) as [VirtualCandidate]
  const share = new Share(third, 0, 0)
  for (let n = 0; n < 100_000; n++) share.next()
  assert.equal(share.startsAt, 1_000_000)
})
