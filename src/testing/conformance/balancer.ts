// The conformance suite of balancers: what every one must do, whatever it goes by. Third parties prove theirs with it.
import assert from 'node:assert/strict'
import type { Balancer } from '../../discovery/balancer.ts'
import { type Random, seededRandom } from '../../primitives/random.ts'
import {
  type BalancerCase,
  type BalancerHarness,
  idsTo,
  VirtualCalls,
  type VirtualCandidate,
  virtualCandidates,
} from './balancer-harness.ts'

export type { BalancerCase, BalancerHarness } from './balancer-harness.ts'

/** Sets on either side of where balancers begin to draw in place of looking at all. */
const sizes = [2, 3, 8, 9, 70]
/** Enough for what happens by chance to happen. */
const picks = 200

/** Every case; run each with `it(name, () => run(harness))`. */
export const balancerCases: readonly BalancerCase[] = [
  {
    name: 'gives nothing before it is told of a set, and of an empty one',
    run(harness) {
      const calls = new VirtualCalls(harness)
      const balancer = harness.balancer(seededRandom('empty'))
      assert.equal(balancer.pick(calls.next()), undefined)
      balancer.update([])
      assert.equal(balancer.pick(calls.next()), undefined)
      balancer.update(virtualCandidates(['a', 'b']))
      assert.notEqual(balancer.pick(calls.next()), undefined)
      balancer.update([])
      assert.equal(balancer.pick(calls.next('a')), undefined)
    },
  },
  {
    name: 'has a name for explanations',
    run(harness) {
      assert.match(harness.balancer(seededRandom('name')).name, /^[a-z][a-z0-9_]*$/)
    },
  },
  {
    name: 'gives the only one there is, tried or not, whatever it weighs',
    run(harness) {
      const calls = new VirtualCalls(harness)
      for (const weight of [1, 0]) {
        const balancer = harness.balancer(seededRandom('one'))
        const [only] = virtualCandidates(['a'], () => ({ weight }))
        balancer.update([only as VirtualCandidate])
        for (let n = 0; n < 10; n++) {
          assert.equal(balancer.pick(calls.next()), only)
          assert.equal(balancer.pick(calls.next('a')), only)
          assert.equal(balancer.pick(calls.next('gone', 'a')), only)
        }
      }
    },
  },
  {
    name: 'passes over what was tried while another one is left',
    run(harness) {
      const calls = new VirtualCalls(harness)
      for (const size of sizes) {
        const balancer = harness.balancer(seededRandom(size))
        const ids = idsTo(size)
        balancer.update(virtualCandidates(ids))
        for (let n = 0; n < picks; n++) {
          const left = ids[n % size]
          const some = ids.slice(0, 1 + (n % (size - 1)))
          const others = ids.filter((id) => id !== left)
          assert.equal(idOf(balancer, calls, others), left, `the one of ${size} that is left`)
          assert.ok(!some.includes(idOf(balancer, calls, some)), `one of ${size} that was not tried`)
        }
      }
    },
  },
  {
    name: 'gives one that was tried where all were',
    run(harness) {
      const calls = new VirtualCalls(harness)
      for (const size of sizes) {
        const balancer = harness.balancer(seededRandom(size))
        const ids = idsTo(size)
        balancer.update(virtualCandidates(ids))
        for (let n = 0; n < 20; n++) assert.ok(ids.includes(idOf(balancer, calls, ids)))
      }
    },
  },
  {
    name: 'gives one of those that weigh nothing where all of them do',
    run(harness) {
      const calls = new VirtualCalls(harness)
      for (const size of sizes) {
        const balancer = harness.balancer(seededRandom(size))
        const ids = idsTo(size)
        balancer.update(virtualCandidates(ids, () => ({ weight: 0 })))
        for (let n = 0; n < 20; n++) {
          assert.ok(ids.includes(idOf(balancer, calls, [])))
          assert.equal(idOf(balancer, calls, ids.slice(1)), ids[0])
        }
      }
    },
  },
  {
    name: 'keeps to the last set it was told of, however sets, weights and loads change between picks',
    run(harness) {
      for (let seed = 0; seed < 10; seed++) keepToLast(harness, seed)
    },
  },
  {
    name: 'chooses the same with the same chance',
    run(harness) {
      const [one, other] = [0, 1].map(() => trail(harness, false))
      assert.deepEqual(one, other)
    },
  },
  {
    name: 'chooses the same with and without a trace between picks',
    run(harness) {
      assert.deepEqual(trail(harness, true), trail(harness, false))
    },
  },
  {
    name: 'tells a trace of candidates of the set, and of the one it gives',
    run(harness) {
      const calls = new VirtualCalls(harness)
      for (const size of [1, ...sizes]) {
        const balancer = harness.balancer(seededRandom(size))
        const candidates = virtualCandidates(idsTo(size))
        balancer.update(candidates)
        for (let n = 0; n < 20; n++) {
          const considered = new Set<unknown>()
          const consider = (each: unknown) => considered.add(each)
          const given = balancer.pick(n % 2 === 0 ? calls.next() : calls.next('i000'), { consider })
          assert.ok(considered.has(given), 'the one that it gives')
          for (const each of considered) assert.ok(candidates.includes(each as VirtualCandidate), 'one of the set')
        }
      }
    },
  },
]

function idOf(balancer: Balancer<string>, calls: VirtualCalls, tried: readonly string[]): string {
  const given = balancer.pick(calls.next(...tried))
  assert.ok(given !== undefined, 'one of the set, but there was none')
  return given.target
}

/** Some of ten or of eighty, all different, in their order and with what chance makes of their numbers. */
function chanceSet(random: Random): readonly VirtualCandidate[] {
  const share = random()
  const ids = idsTo(random() < 0.5 ? 10 : 80).filter(() => random() < share)
  const candidates = virtualCandidates(ids, () => ({ weight: Math.floor(random() * 4) }))
  for (const each of candidates) changeByChance(each, random)
  return candidates
}

function changeByChance(candidate: VirtualCandidate, random: Random): void {
  candidate.inFlight = Math.floor(random() * 5)
  candidate.latencyMs = random() < 0.3 ? 0 : random() * 100
  candidate.successRatio = random() < 0.8 ? 1 : random()
}

function keepToLast(harness: BalancerHarness, seed: number): void {
  const random = seededRandom(`model ${seed}`)
  const calls = new VirtualCalls(harness)
  const balancer = harness.balancer(seededRandom(seed))
  let set: readonly VirtualCandidate[] = []
  for (let step = 0; step < 300; step++) {
    if (random() < 0.1) {
      // Some stay as they are, as they do when one instance joins or leaves.
      const kept = new Map(set.map((each) => [each.target, each]))
      set = chanceSet(random).map((each) => (random() < 0.7 ? (kept.get(each.target) ?? each) : each))
      balancer.update(set)
    }
    const changed = set[Math.floor(random() * set.length)]
    if (changed !== undefined) changeByChance(changed, random)
    const share = random() < 0.5 ? 0 : random()
    const tried = set.filter(() => random() < share).map((each) => each.target)
    const given = balancer.pick(calls.next(...tried, 'gone'))
    const left = set.filter((each) => !tried.includes(each.target))
    const allowed = left.length > 0 ? left : set
    if (set.length === 0) assert.equal(given, undefined)
    else assert.ok(allowed.includes(given as VirtualCandidate), `one of the ${allowed.length} that are allowed`)
  }
}

/** Which ones are given in a row while sets and numbers change. */
function trail(harness: BalancerHarness, traced: boolean): readonly (string | undefined)[] {
  const random = seededRandom('trail')
  const calls = new VirtualCalls(harness)
  const balancer = harness.balancer(seededRandom('chance'))
  const given: (string | undefined)[] = []
  for (let step = 0; step < 20; step++) {
    const set = chanceSet(random)
    balancer.update(set)
    for (let pick = 0; pick < 20; pick++) {
      const tried = random() < 0.5 ? [] : set.filter(() => random() < 0.3).map((each) => each.target)
      const ctx = calls.next(...tried)
      for (let look = 0; traced && look < pick % 3; look++) balancer.pick(ctx, { consider() {} })
      const chosen = balancer.pick(ctx)
      given.push(chosen?.target)
      const candidate = set.find((each) => each === chosen)
      if (candidate !== undefined) changeByChance(candidate, random)
    }
  }
  return given
}
