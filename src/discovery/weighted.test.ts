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
import type { Balancer } from './balancer.ts'
import { weighted } from './weighted.ts'

const harness: BalancerHarness = { balancer: (random) => weighted<string>({ random }) }
const ctx = rootContext()
const fromFirst = () => 0

function candidatesOf(weights: readonly number[]): readonly VirtualCandidate[] {
  return virtualCandidates(idsTo(weights.length), (at) => ({ weight: weights[at] }))
}

function given(balancer: Balancer<string>, picks: number): readonly string[] {
  return Array.from({ length: picks }, () => String(balancer.pick(ctx)?.target))
}

/** How many calls the one who is furthest from its share is away from it, at any moment of some picks. */
function furthest(balancer: Balancer<string>, weights: ReadonlyMap<string, number>, picks: number): number {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight)
  const had = new Map([...weights.keys()].map((id) => [id, 0]))
  let most = 0
  for (let made = 1; made <= picks; made++) {
    const id = String(balancer.pick(ctx)?.target)
    had.set(id, (had.get(id) ?? Number.NaN) + 1)
    for (const [each, weight] of weights)
      most = Math.max(most, Math.abs((had.get(each) ?? 0) - (made * weight) / total))
  }
  return most
}

const weight = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.double({ min: 0.001, max: 1_000, noNaN: true }))

describe('weighted', () => {
  for (const { name, run } of balancerCases) it(name, () => run(harness))

  it('spreads the calls of a share over time', () => {
    const balancer = weighted<string>({ random: fromFirst })
    balancer.update(virtualCandidates(['a', 'b', 'c'], (at) => ({ weight: [4, 2, 1][at] })))
    assert.equal(given(balancer, 14).join(''), 'abacabaabacaba')
  })

  it('goes around equal ones from a place by chance', () => {
    for (const [chance, expected] of [
      [0, 'abcdab'],
      [0.5, 'cdabcd'],
      [0.99, 'dabcda'],
    ] as const) {
      const balancer = weighted<string>({ random: () => chance })
      balancer.update(virtualCandidates(['a', 'b', 'c', 'd']))
      assert.equal(given(balancer, 6).join(''), expected)
    }
  })

  it('has given each one its share to within one call after any number of picks', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 30 }), fc.nat(), (weights, seed) => {
        const balancer = weighted<string>({ random: seededRandom(seed) })
        balancer.update(candidatesOf(weights))
        const shares = new Map(idsTo(weights.length).map((id, at) => [id, weights[at] ?? 0]))
        assert.ok(furthest(balancer, shares, 300) < 1 + 1e-9)
      }),
      { seed: 11, numRuns: 100 },
    )
  })

  it('has given each one its share to within one call after a hundred thousand picks', () => {
    const weights = [0.1, 0.2, 0.3, 7, 1 / 3]
    const balancer = weighted<string>({ random: seededRandom(1) })
    balancer.update(candidatesOf(weights))
    assert.ok(furthest(balancer, new Map(idsTo(5).map((id, at) => [id, weights[at] ?? 0])), 100_000) < 1 + 1e-9)
  })

  it('keeps shares to within two calls of each set as sets change', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.array(fc.option(weight), { minLength: 2, maxLength: 10 }), fc.integer({ min: 1, max: 60 })),
          {
            minLength: 2,
            maxLength: 10,
          },
        ),
        (sets) => {
          const balancer = weighted<string>({ random: seededRandom(3) })
          for (const [weights, picks] of sets) {
            const set = candidatesOf(weights.map((each) => each ?? 0)).filter((each) => each.weight > 0)
            if (set.length === 0) continue
            balancer.update(set)
            assert.ok(furthest(balancer, new Map(set.map((each) => [each.target, each.weight])), picks) < 2)
          }
        },
      ),
      { seed: 12, numRuns: 100 },
    )
  })

  it('owes nothing for a change that changes nothing', () => {
    const weights = [5, 3, 1, 1]
    const [steady, changing] = [0, 1].map(() => weighted<string>({ random: fromFirst })) as [
      Balancer<string>,
      Balancer<string>,
    ]
    steady.update(candidatesOf(weights))
    const expected = given(steady, 100)
    const got = Array.from({ length: 100 }, () => {
      changing.update(candidatesOf(weights))
      return String(changing.pick(ctx)?.target)
    })
    assert.deepEqual(got, expected)
  })

  it('gives one that weighs nothing only to calls that were sent to all others', () => {
    const calls = new VirtualCalls(harness)
    const balancer = weighted<string>({ random: fromFirst })
    balancer.update(virtualCandidates(['a', 'b', 'c', 'd'], (at) => ({ weight: at < 2 ? 1 : 0 })))
    assert.deepEqual(new Set(given(balancer, 100)), new Set(['a', 'b']))
    assert.equal(balancer.pick(calls.next('a', 'b'))?.target, 'c')
    assert.equal(balancer.pick(calls.next('a', 'b'))?.target, 'd')
    assert.equal(balancer.pick(calls.next('a', 'b', 'c'))?.target, 'd')
    assert.match(String(balancer.pick(calls.next('a', 'b', 'c', 'd'))?.target), /^[ab]$/)
  })

  it('lets one catch up that some calls passed over', () => {
    const calls = new VirtualCalls(harness)
    const balancer = weighted<string>({ random: fromFirst })
    balancer.update(virtualCandidates(['a', 'b', 'c']))
    for (let n = 0; n < 4; n++) assert.notEqual(balancer.pick(calls.next('a'))?.target, 'a')
    assert.deepEqual(given(balancer, 2), ['a', 'a'])
  })

  it('tells a trace what was tried and when the next one is due', () => {
    const calls = new VirtualCalls(harness)
    const balancer = weighted<string>({ random: fromFirst })
    const candidates = virtualCandidates(['a', 'b', 'c'], (at) => ({ weight: [2, 1, 0][at] }))
    balancer.update(candidates)
    const seen: unknown[] = []
    const trace = { consider: (...told: readonly unknown[]) => seen.push(told) }
    const due = 'how many picks from now its next call is due'
    assert.equal(balancer.pick(calls.next(), trace)?.target, 'a')
    assert.equal(balancer.pick(calls.next('a', 'b'), trace)?.target, 'c')
    assert.equal(balancer.pick(calls.next('a'), trace)?.target, 'b')
    assert.deepEqual(seen, [
      [candidates[0], 1.5, due],
      [candidates[0], undefined, 'tried'],
      [candidates[1], undefined, 'tried'],
      [candidates[2], undefined, 'weighs nothing'],
      [candidates[0], undefined, 'tried'],
      [candidates[1], 3, due],
    ])
    assert.equal(balancer.pick(ctx)?.target, 'a')
  })
})
