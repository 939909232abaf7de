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
import { manualClock } from '../testing/manual-clock.ts'
import type { Balancer } from './balancer.ts'
import { peakEwma } from './peak-ewma.ts'

const harness: BalancerHarness = { balancer: (random) => peakEwma<string>({ random }) }

/** Sends a call a millisecond, each of which takes as long as its candidate says; gives how many picks were of a slow one. */
function slowPicks(balancer: Balancer<string>, picks: number): number {
  const ctx = rootContext({ clock: manualClock() })
  const endingAt: VirtualCandidate[][] = Array.from({ length: picks + 1_000 }, () => [])
  let slow = 0
  for (let now = 0; now < picks; now++) {
    for (const candidate of endingAt[now] ?? []) candidate.inFlight--
    const candidate = balancer.pick(ctx) as VirtualCandidate
    candidate.inFlight++
    endingAt[now + candidate.latencyMs]?.push(candidate)
    if (candidate.latencyMs > 10) slow++
  }
  return slow
}

function choicesOf(balancer: Balancer<string>, calls: VirtualCalls): number {
  let seen = 0
  balancer.pick(calls.next(), { consider: () => seen++ })
  return seen
}

describe('peakEwma', () => {
  for (const { name, run } of balancerCases) it(name, () => run(harness))

  it('gives the one with the lowest load of a small set, at the time of the clock', () => {
    const clock = manualClock({ startAt: 500 })
    const ctx = rootContext({ clock })
    const balancer = peakEwma<string>({ random: seededRandom(1) })
    const candidates = virtualCandidates(idsTo(8))
    const asked: number[] = []
    for (const [at, candidate] of candidates.entries())
      candidate.loadAt = (now) => {
        asked.push(now)
        return at === 5 ? 1 : 2
      }
    balancer.update(candidates)
    for (let n = 0; n < 20; n++) assert.equal(balancer.pick(ctx)?.target, 'i005')
    assert.deepEqual(new Set(asked), new Set([500]))
    assert.equal(asked.length, 160)
  })

  it('gives each one of equal ones its turn', () => {
    const ctx = rootContext()
    const balancer = peakEwma<string>({ random: seededRandom(1) })
    balancer.update(virtualCandidates(idsTo(5)))
    const given = Array.from({ length: 5 }, () => balancer.pick(ctx)?.target)
    assert.deepEqual(given.toSorted(), idsTo(5))
  })

  it('sends one call to a new instance, and the next one when that was answered', () => {
    const ctx = rootContext()
    for (const size of [4, 12]) {
      const balancer = peakEwma<string>({ random: seededRandom(1) })
      const candidates = virtualCandidates(idsTo(size))
      for (const each of candidates) each.latencyMs = 10
      const fresh = candidates[2] as VirtualCandidate
      fresh.latencyMs = 0
      balancer.update(candidates)
      const given = () => Array.from({ length: 100 }, () => balancer.pick(ctx)).filter((each) => each === fresh).length
      assert.ok(given() > 10)
      fresh.inFlight = 1
      assert.equal(given(), 0)
      fresh.inFlight = 0
      fresh.latencyMs = 10
      assert.ok(given() > 0)
    }
  })

  it('spreads calls evenly over instances of which none has answered yet', () => {
    const ctx = rootContext()
    const balancer = peakEwma<string>({ random: seededRandom(1) })
    const candidates = virtualCandidates(idsTo(8), (at) => ({ weight: at === 0 ? 0 : 1 }))
    balancer.update(candidates)
    for (let n = 0; n < 70; n++) (balancer.pick(ctx) as VirtualCandidate).inFlight++
    assert.deepEqual(
      candidates.map((each) => each.inFlight),
      [0, 10, 10, 10, 10, 10, 10, 10],
    )
  })

  it('draws two of a larger set while all do well', () => {
    const calls = new VirtualCalls(harness)
    const balancer = peakEwma<string>({ random: seededRandom(1) })
    const candidates = virtualCandidates(idsTo(100))
    for (const each of candidates) each.latencyMs = 10
    balancer.update(candidates)
    slowPicks(balancer, 2_000)
    assert.equal(choicesOf(balancer, calls), 2)
  })

  it('gives a slow one in less than one of a hundred picks though half of a hundred are slow, and draws two again when they are not', () => {
    const calls = new VirtualCalls(harness)
    const balancer = peakEwma<string>({ random: seededRandom(1) })
    const candidates = virtualCandidates(idsTo(100))
    for (const [at, each] of candidates.entries()) each.latencyMs = at % 2 === 0 ? 10 : 200
    balancer.update(candidates)
    assert.ok(slowPicks(balancer, 10_000) < 100)
    // Once it has learned.
    assert.ok(slowPicks(balancer, 10_000) < 40)
    assert.ok(choicesOf(balancer, calls) >= 8)
    for (const each of candidates) {
      each.latencyMs = 10
      each.inFlight = 0
    }
    slowPicks(balancer, 500)
    assert.equal(choicesOf(balancer, calls), 2)
  })

  it('gives a quarter of its picks to slow ones where it may draw only two', () => {
    const balancer = peakEwma<string>({ random: seededRandom(1), maxChoices: 2 })
    const candidates = virtualCandidates(idsTo(100))
    for (const [at, each] of candidates.entries()) each.latencyMs = at % 2 === 0 ? 10 : 200
    balancer.update(candidates)
    assert.ok(slowPicks(balancer, 2_000) > 400)
  })

  it('refuses options out of their range', () => {
    assert.throws(() => peakEwma({ scanUpTo: 1.5 }), /scanUpTo must be an integer from 1 to 100000, but is 1.5/)
    assert.throws(() => peakEwma({ maxChoices: 65 }), /maxChoices must be an integer from 2 to 64, but is 65/)
  })
})
