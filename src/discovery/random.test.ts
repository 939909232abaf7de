import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { seededRandom } from '../primitives/random.ts'
import { type BalancerHarness, balancerCases } from '../testing/conformance/balancer.ts'
import { idsTo, VirtualCalls, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { random } from './random.ts'

const harness: BalancerHarness = { balancer: (source) => random<string>({ random: source }) }

describe('random', () => {
  for (const { name, run } of balancerCases) it(name, () => run(harness))

  it('gives each one as often as the others, whatever they weigh', () => {
    const balancer = random<string>({ random: seededRandom(1) })
    balancer.update(virtualCandidates(idsTo(10), (at) => ({ weight: at })))
    const ctx = rootContext()
    const counts = new Map<string, number>()
    for (let n = 0; n < 10_000; n++) {
      const id = String(balancer.pick(ctx)?.target)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    // Four standard deviations of what is drawn with a chance of one in ten.
    assert.equal(counts.size, 10)
    for (const count of counts.values()) assert.ok(Math.abs(count - 1_000) < 120, String([...counts]))
  })

  it('tells a trace what the next pick gives', () => {
    const calls = new VirtualCalls(harness)
    const balancer = random<string>({ random: seededRandom(2) })
    balancer.update(virtualCandidates(idsTo(20)))
    for (let n = 0; n < 20; n++) {
      const seen: unknown[] = []
      const shown = balancer.pick(calls.next(), { consider: (...told) => seen.push(told) })
      assert.deepEqual(seen, [[shown]])
      assert.equal(balancer.pick(calls.next()), shown)
    }
  })

  it('takes the chance of the platform where it is given none', () => {
    const balancer = random<string>()
    balancer.update(virtualCandidates(['a', 'b']))
    const ctx = rootContext()
    assert.equal(new Set(Array.from({ length: 100 }, () => balancer.pick(ctx))).size, 2)
  })
})
