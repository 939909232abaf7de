import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { seededRandom } from '../primitives/random.ts'
import { balancerCases } from '../testing/conformance/balancer.ts'
import { idsTo, VirtualCandidate } from '../testing/conformance/balancer-harness.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import type { Balancer } from './balancer.ts'
import { peakEwma } from './peak-ewma.ts'
import { roundRobin } from './round-robin.ts'
import { slowStart } from './slow-start.ts'

function joined(id: string, joinedAt: number): VirtualCandidate {
  return Object.assign(new VirtualCandidate({ id, address: `${id}:80` }), { joinedAt })
}

/** Picks the first of the set that was not tried: what has no calls yet, if it stands there. */
function firstOf(): Balancer<string> {
  let set: readonly VirtualCandidate[] = []
  return {
    name: 'first',
    update: (candidates) => {
      set = candidates as VirtualCandidate[]
    },
    pick: (ctx) => set.find(({ instance }) => !ctx.get(triedInstances)?.has(instance.id)) ?? set[0],
  }
}

/** Which share of calls each one gets. */
function shares(balancer: Balancer<string>, ctx: Context, calls = 4_000): Readonly<Record<string, number>> {
  const given: Record<string, number> = {}
  for (let n = 0; n < calls; n++) {
    const id = balancer.pick(ctx)?.target as string
    given[id] = (given[id] ?? 0) + 1 / calls
  }
  return given
}

function assertNear(value: number | undefined, expected: number): void {
  assert.ok(Math.abs((value ?? 0) - expected) < 0.03, `${value} should be about ${expected}`)
}

function rootOf(clock: ManualClock): Context {
  return rootContext({ clock })
}

describe('slowStart', () => {
  for (const { name, run } of balancerCases)
    it(name, () => run({ balancer: (random) => slowStart(peakEwma({ random }), { random }) }))

  it('gives one that has joined more and more of its share', async () => {
    const clock = manualClock({ startAt: 100_000 })
    const ctx = rootOf(clock)
    const balancer = slowStart<string>(firstOf(), { random: seededRandom(1) })
    balancer.update([joined('a', 100_000), joined('b', 0)])
    assertNear(shares(balancer, ctx)['a'], 0.1)
    await clock.advance(10_000)
    assertNear(shares(balancer, ctx)['a'], 0.4)
    await clock.advance(10_000)
    assertNear(shares(balancer, ctx)['a'], 0.7)
    await clock.advance(9_999)
    assertNear(shares(balancer, ctx)['a'], 1)
    await clock.advance(1)
    assert.deepEqual(shares(balancer, ctx, 4), { a: 1 })
  })

  it('holds back whoever is younger than the oldest, by as much as that', async () => {
    const clock = manualClock({ startAt: 20_000 })
    const balancer = slowStart<string>(firstOf(), { random: seededRandom(1), minRatio: 0.2, windowMs: 40_000 })
    balancer.update([joined('a', 20_000), joined('b', 0)])
    // 0.2 of its share, where the oldest has 0.6.
    assertNear(shares(balancer, rootOf(clock))['a'], 1 / 3)
  })

  it('holds nobody back where all are equally young, and draws nothing for it', () => {
    const random = () => assert.fail('there is nothing to draw')
    const balancer = slowStart<string>(firstOf(), { random })
    balancer.update(idsTo(5).map((id) => joined(id, 50)))
    assert.deepEqual(shares(balancer, rootOf(manualClock({ startAt: 50 })), 4), { i000: 1 })
  })

  it('comes to an end where nearly all are young, and takes the oldest that it saw', () => {
    let draws = 0
    const random = () => {
      draws++
      return 0.999
    }
    const balancer = slowStart<string>(firstOf(), { random })
    const young = idsTo(9).map((id, at) => joined(id, 100_000 - (at % 3)))
    balancer.update([...young, joined('old', 0)])
    assert.deepEqual(shares(balancer, rootOf(manualClock({ startAt: 100_000 })), 1), { i002: 1 })
    assert.equal(draws, 4)
  })

  it('takes a young one where all others were tried', () => {
    const clock = manualClock({ startAt: 100_000 })
    const tried = new TriedInstances()
    tried.add('b')
    const ctx = rootOf(clock).with(triedInstances, tried)
    const balancer = slowStart<string>(roundRobin(), { random: () => 0.999 })
    balancer.update([joined('a', 100_000), joined('b', 0)])
    for (let n = 0; n < 4; n++) assert.equal(balancer.pick(ctx)?.target, 'a')
    assert.deepEqual(tried.ids, ['b'])
  })

  it('shows a trace who is held back, and changes nothing by that', () => {
    const ctx = rootOf(manualClock({ startAt: 100_000 }))
    const trails = [false, true].map((isTraced) => {
      const balancer = slowStart<string>(roundRobin(), { random: seededRandom(5) })
      balancer.update([joined('a', 97_000), joined('b', 0), joined('c', 0)])
      const notes: string[] = []
      const trail = Array.from({ length: 50 }, () => {
        const consider = (each: { target: string }, _?: number, note?: string) => notes.push(`${each.target}: ${note}`)
        if (isTraced) balancer.pick(ctx, { consider })
        return balancer.pick(ctx)?.target
      })
      if (isTraced) assert.ok(notes.includes('a: joined 3s ago: taken with a chance of 19 %'), notes.join('\n'))
      return trail
    })
    assert.deepEqual(trails[0], trails[1])
  })

  it('holds back one that a balancer by load would choose again and again', () => {
    const ctx = rootOf(manualClock({ startAt: 100_000 }))
    const balancer = slowStart<string>(peakEwma(), { random: seededRandom(1) })
    const others = idsTo(4).map((id) => joined(id, 0))
    for (const each of others) each.latencyMs = 10
    balancer.update([...others, joined('new', 100_000)])
    assertNear(shares(balancer, ctx)['new'], 0.1)
  })

  it('refuses what makes no sense', () => {
    assert.equal(slowStart(roundRobin()).name, 'slow_start_round_robin')
    assert.throws(() => slowStart(roundRobin(), { windowMs: 0 }), /windowMs must be/)
    for (const minRatio of [0, 1.1]) assert.throws(() => slowStart(roundRobin(), { minRatio }), /minRatio must be/)
  })
})
