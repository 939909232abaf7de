import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { seededRandom } from '../primitives/random.ts'
import { type BalancerHarness, balancerCases } from '../testing/conformance/balancer.ts'
import {
  idsTo,
  VirtualCalls,
  type VirtualCandidate,
  virtualCandidates,
} from '../testing/conformance/balancer-harness.ts'
import { twoChoices } from './two-choices.ts'

const harness: BalancerHarness = { balancer: (random) => twoChoices<string>({ random }) }
const ctx = rootContext()

describe('twoChoices', () => {
  for (const { name, run } of balancerCases) it(name, () => run(harness))

  it('gives the one of two with fewer calls in flight, by weight', () => {
    const balancer = twoChoices<string>({ random: seededRandom(1) })
    const [a, b] = virtualCandidates(['a', 'b'], (at) => ({ weight: [1, 3][at] })) as [
      VirtualCandidate,
      VirtualCandidate,
    ]
    balancer.update([a, b])
    a.inFlight = 1
    b.inFlight = 4
    for (let n = 0; n < 20; n++) assert.equal(balancer.pick(ctx), b)
    b.inFlight = 6
    for (let n = 0; n < 20; n++) assert.equal(balancer.pick(ctx), a)
  })

  it('looks at two different ones, each pair and each of equal ones as often as the others', () => {
    const calls = new VirtualCalls(harness)
    const balancer = twoChoices<string>({ random: seededRandom(2) })
    balancer.update(virtualCandidates(['a', 'b', 'c', 'd']))
    const pairs = new Map<string, number>()
    for (let n = 0; n < 6_000; n++) {
      const seen: string[] = []
      balancer.pick(calls.next(), { consider: ({ target }) => seen.push(target) })
      const given = balancer.pick(calls.next())?.target
      assert.ok(given !== undefined && seen.includes(given))
      const pair = `${seen.toSorted().join('')} ${given}`
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
    }
    // Six pairs, of each either one.
    assert.equal(pairs.size, 12)
    for (const count of pairs.values()) assert.ok(Math.abs(count - 500) < 90, JSON.stringify([...pairs]))
  })

  it('keeps the busiest of many close to the others, as one draw does not', () => {
    const balancer = twoChoices<string>({ random: seededRandom(3) })
    const candidates = virtualCandidates(idsTo(1_000))
    balancer.update(candidates)
    for (let n = 0; n < 10_000; n++) (balancer.pick(ctx) as VirtualCandidate).inFlight++
    const busiest = Math.max(...candidates.map((each) => each.inFlight))
    assert.ok(busiest <= 13, `${busiest} of 10 on average`)
  })

  it('gives none that weighs nothing while another one is left, however many of them there are', () => {
    const balancer = twoChoices<string>({ random: seededRandom(4) })
    balancer.update(virtualCandidates(idsTo(50), (at) => ({ weight: at === 20 || at === 40 ? 1 : 0 })))
    const given = new Set(Array.from({ length: 100 }, () => balancer.pick(ctx)?.target))
    assert.deepEqual([...given].toSorted(), ['i020', 'i040'])
  })
})
