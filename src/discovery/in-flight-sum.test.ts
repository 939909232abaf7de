import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../primitives/random.ts'
import { idsTo, type VirtualCandidate, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { InFlightSum } from './in-flight-sum.ts'

const sumOf = (candidates: readonly VirtualCandidate[]) => candidates.reduce((sum, { inFlight }) => sum + inFlight, 0)

describe('InFlightSum', () => {
  it('is exact for four', () => {
    const random = seededRandom(5)
    const candidates = virtualCandidates(idsTo(4))
    const load = new InFlightSum()
    load.update(candidates)
    for (let n = 0; n < 100; n++) {
      ;(candidates[Math.floor(random() * 4)] as VirtualCandidate).inFlight = Math.floor(random() * 50)
      load.advance()
      assert.equal(load.sum, sumOf(candidates))
    }
  })

  it('has seen every change of a set of n after n / 4 calls', () => {
    const candidates = virtualCandidates(idsTo(99))
    const load = new InFlightSum()
    load.update(candidates)
    assert.equal(load.sum, 0)
    candidates.forEach((each, at) => {
      each.inFlight = at
    })
    for (let n = 0; n < 25; n++) load.advance()
    assert.equal(load.sum, sumOf(candidates))
  })

  it('notes what is looked at for another reason', () => {
    const candidates = virtualCandidates(idsTo(99))
    const load = new InFlightSum()
    load.update(candidates)
    ;(candidates[70] as VirtualCandidate).inFlight = 12
    assert.equal(load.look(70), 12)
    assert.equal(load.sum, 12)
  })

  it('begins anew with a new set, an empty one too', () => {
    const candidates = virtualCandidates(idsTo(9))
    for (const each of candidates) each.inFlight = 2
    const load = new InFlightSum()
    load.update(candidates)
    assert.equal(load.sum, 18)
    load.update(candidates.slice(0, 3))
    assert.equal(load.sum, 6)
    load.update([])
    load.advance()
    assert.equal(load.sum, 0)
  })
})
