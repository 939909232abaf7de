import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { type BalancerHarness, balancerCases } from '../testing/conformance/balancer.ts'
import { VirtualCalls, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import type { Balancer } from './balancer.ts'
import { roundRobin } from './round-robin.ts'

const harness: BalancerHarness = { balancer: () => roundRobin<string>() }
const ctx = rootContext()

function given(balancer: Balancer<string>, picks: number): string {
  return Array.from({ length: picks }, () => balancer.pick(ctx)?.target ?? '-').join('')
}

describe('roundRobin', () => {
  for (const { name, run } of balancerCases) it(name, () => run(harness))

  it('begins with the first one and goes around', () => {
    const balancer = roundRobin<string>()
    balancer.update(virtualCandidates(['a', 'b', 'c']))
    assert.equal(given(balancer, 7), 'abcabca')
  })

  it('goes on behind the one it gave last when others join', () => {
    const balancer = roundRobin<string>()
    balancer.update(virtualCandidates(['b', 'd', 'f']))
    assert.equal(given(balancer, 2), 'bd')
    balancer.update(virtualCandidates(['a', 'b', 'c', 'd', 'e', 'f']))
    assert.equal(given(balancer, 7), 'efabcde')
  })

  it('begins with the first one of the set it has when it is first asked', () => {
    const balancer = roundRobin<string>()
    balancer.update(virtualCandidates(['b', 'c']))
    balancer.update(virtualCandidates(['b', 'c', 'd']))
    assert.equal(given(balancer, 3), 'bcd')
  })

  it('goes on where the one it gave last has been', () => {
    const balancer = roundRobin<string>()
    balancer.update(virtualCandidates(['a', 'b', 'c', 'd', 'e']))
    assert.equal(given(balancer, 3), 'abc')
    balancer.update(virtualCandidates(['a', 'd', 'e']))
    assert.equal(given(balancer, 4), 'dead')
    balancer.update(virtualCandidates(['x', 'y']))
    assert.equal(given(balancer, 3), 'xyx')
    balancer.update([])
    assert.equal(given(balancer, 1), '-')
    balancer.update(virtualCandidates(['x', 'y']))
    assert.equal(given(balancer, 2), 'xy')
  })

  it('gives each the same number of calls while one joins or leaves now and then', () => {
    const balancer = roundRobin<string>()
    const counts: Record<string, number> = {}
    for (let round = 0; round < 100; round++) {
      balancer.update(virtualCandidates(round % 2 === 0 ? ['a', 'b', 'c', 'd'] : ['a', 'b', 'd']))
      for (const id of given(balancer, 11)) counts[id] = (counts[id] ?? 0) + 1
    }
    const { a = 0, b = 0, d = 0 } = counts
    assert.ok(Math.max(a, b, d) - Math.min(a, b, d) <= 2, JSON.stringify(counts))
  })

  it('gives the next one that was not tried, and goes on behind that', () => {
    const calls = new VirtualCalls(harness)
    const balancer = roundRobin<string>()
    balancer.update(virtualCandidates(['a', 'b', 'c', 'd']))
    assert.equal(balancer.pick(calls.next('a', 'b'))?.target, 'c')
    assert.equal(given(balancer, 2), 'da')
    assert.equal(balancer.pick(calls.next('a', 'b', 'c', 'd'))?.target, 'b')
  })
})
