import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rootContext } from '../core/context.ts'
import { seededRandom } from '../primitives/random.ts'
import { type BalancerHarness, balancerCases } from '../testing/conformance/balancer.ts'
import {
  idsTo,
  VirtualCalls,
  type VirtualCandidate,
  virtualCandidates,
} from '../testing/conformance/balancer-harness.ts'
import { leastLoaded } from './least-loaded.ts'

const harness: BalancerHarness = { balancer: (random) => leastLoaded<string>({ random }) }
const ctx = rootContext()

describe('leastLoaded', () => {
  for (const { name, run } of balancerCases) it(name, () => run(harness))

  it('gives one with the fewest calls in flight by weight', () => {
    const loaded = fc.record({ inFlight: fc.nat({ max: 20 }), weight: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(fc.array(loaded, { minLength: 1, maxLength: 64 }), (all) => {
        const candidates = virtualCandidates(idsTo(all.length))
        for (const [at, candidate] of candidates.entries()) Object.assign(candidate, all[at])
        const balancer = leastLoaded<string>({ random: seededRandom(1) })
        balancer.update(candidates)
        const fewest = Math.min(...all.map(({ inFlight, weight }) => (inFlight + 1) / weight))
        const { inFlight, weight } = balancer.pick(ctx) as VirtualCandidate
        assert.equal((inFlight + 1) / weight, fewest)
      }),
      { seed: 21, numRuns: 100 },
    )
  })

  it('gives each one of those that have as few its turn, from one by chance', () => {
    const firsts = new Set<string | undefined>()
    for (let seed = 0; seed < 40; seed++) {
      const balancer = leastLoaded<string>({ random: seededRandom(seed) })
      const candidates = virtualCandidates(['a', 'b', 'c', 'd'])
      ;(candidates[1] as VirtualCandidate).inFlight = 1
      balancer.update(candidates)
      const [first, second, third, fourth] = Array.from({ length: 4 }, () => balancer.pick(ctx)?.target)
      assert.deepEqual([first, second, third].toSorted(), ['a', 'c', 'd'])
      assert.equal(fourth, first)
      firsts.add(first)
    }
    assert.equal(firsts.size, 3)
  })

  it('draws from a set that is larger than what it looks at', () => {
    const calls = new VirtualCalls(harness)
    const seen: string[] = []
    const consider = ({ target }: { readonly target: string }) => seen.push(target)
    const balancer = leastLoaded<string>({ random: seededRandom(1), scanUpTo: 10, choices: 3 })
    balancer.update(virtualCandidates(idsTo(10)))
    balancer.pick(calls.next(), { consider })
    assert.equal(seen.length, 10)
    balancer.update(virtualCandidates(idsTo(11)))
    balancer.pick(calls.next(), { consider })
    assert.equal(seen.length, 13)
  })

  it('keeps the busiest of many close to the others', () => {
    const balancer = leastLoaded<string>({ random: seededRandom(3) })
    const candidates = virtualCandidates(idsTo(1_000))
    balancer.update(candidates)
    for (let n = 0; n < 10_000; n++) (balancer.pick(ctx) as VirtualCandidate).inFlight++
    assert.ok(Math.max(...candidates.map((each) => each.inFlight)) <= 11)
  })

  it('gives none that weighs nothing while another one is left', () => {
    for (const size of [5, 100]) {
      const balancer = leastLoaded<string>({ random: seededRandom(4) })
      const candidates = virtualCandidates(idsTo(size), (at) => ({ weight: at === 3 ? 1 : 0 }))
      ;(candidates[3] as VirtualCandidate).inFlight = 1_000
      balancer.update(candidates)
      for (let n = 0; n < 20; n++) assert.equal(balancer.pick(ctx)?.target, 'i003')
    }
  })

  it('refuses options out of their range', () => {
    assert.throws(() => leastLoaded({ scanUpTo: 0 }), /scanUpTo must be an integer from 1 to 100000, but is 0/)
    assert.throws(() => leastLoaded({ choices: 1 }), /choices must be an integer from 2 to 64, but is 1/)
  })
})
