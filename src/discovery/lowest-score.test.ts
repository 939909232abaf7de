import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { seededRandom } from '../primitives/random.ts'
import { idsTo, type VirtualCandidate, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { Candidate } from './candidate.ts'
import { LowestScore, type LowestScoreOptions } from './lowest-score.ts'

const ctx = rootContext()

function lowestOf(options: Partial<LowestScoreOptions> = {}): LowestScore<string> {
  const score = (candidate: Candidate) => (candidate.weight === 0 ? Infinity : candidate.latencyMs)
  const usual = { name: 'lowest', random: seededRandom(1), scanUpTo: 4, choices: 2, score, timed: false }
  return new LowestScore<string>({ ...usual, ...options })
}

function triedCtx(...ids: readonly string[]) {
  const tried = new TriedInstances()
  for (const id of ids) tried.add(id)
  return ctx.with(triedInstances, tried)
}

describe('LowestScore', () => {
  it('reads the clock once for a pick that needs the time, and else never', () => {
    let readings = 0
    const clock = manualClock({ startAt: 7 })
    clock.now = () => {
      readings++
      return 7
    }
    const timed = rootContext({ clock })
    const told = new Set<number>()
    const score = (_candidate: Candidate, now: number) => {
      told.add(now)
      return now
    }
    for (const size of [3, 50]) {
      const balancer = lowestOf({ score, timed: true })
      balancer.update(virtualCandidates(idsTo(size)))
      balancer.pick(timed)
    }
    assert.equal(readings, 2)
    assert.deepEqual([...told], [7])
    const balancer = lowestOf()
    balancer.update(virtualCandidates(idsTo(50)))
    balancer.pick(timed)
    assert.equal(readings, 2)
  })

  it('tells a trace all that it looks at with their scores, and then gives what it told', () => {
    for (const size of [1, 2, 4, 5, 50]) {
      const balancer = lowestOf({ choices: 6 })
      const candidates = virtualCandidates(idsTo(size))
      for (const [at, each] of candidates.entries()) each.latencyMs = (at * 7) % size
      balancer.update(candidates)
      for (let n = 0; n < 20; n++) {
        const scores = new Map<Candidate<string>, number | undefined>()
        const shown = balancer.pick(ctx, { consider: (each, score) => scores.set(each, score) })
        for (const [candidate, score] of scores) assert.equal(score, candidate.latencyMs)
        assert.equal(shown?.latencyMs, Math.min(...[...scores.values()].map(Number)))
        assert.equal(balancer.pick(ctx), shown)
      }
    }
  })

  it('keeps its turn when the set changes, and begins anew where that is gone', () => {
    const balancer = lowestOf({ random: () => 0.9 })
    const four = virtualCandidates(['a', 'b', 'c', 'd'])
    balancer.update(four)
    assert.equal(balancer.pick(ctx)?.target, 'd')
    assert.equal(balancer.pick(ctx)?.target, 'a')
    assert.equal(balancer.pick(ctx)?.target, 'b')
    balancer.update(four.slice(0, 2))
    assert.equal(balancer.pick(ctx)?.target, 'a')
    balancer.update([])
    assert.equal(balancer.pick(ctx), undefined)
    balancer.update(four)
    assert.equal(balancer.pick(ctx)?.target, 'a')
  })

  it('chooses among those that were not tried as it chooses among all', () => {
    const balancer = lowestOf({ choices: 3 })
    const candidates = virtualCandidates(idsTo(6))
    for (const [at, each] of candidates.entries()) each.latencyMs = at
    balancer.update(candidates)
    const tried = triedCtx('i000', 'i001', 'i002')
    const given = Array.from({ length: 300 }, () => balancer.pick(tried)?.target)
    // Of three that are drawn, each beside the best so far, the worst one of three is never the best.
    assert.deepEqual([...new Set(given)].toSorted(), ['i003', 'i004'])
    assert.ok(given.filter((id) => id === 'i003').length > 200)
  })

  it('gives one that weighs nothing where all that weigh something were tried, and not where those are merely rare', () => {
    for (const size of [4, 40]) {
      const balancer = lowestOf()
      const candidates: readonly VirtualCandidate[] = virtualCandidates(idsTo(size), (at) => ({
        weight: at < 2 ? 1 : 0,
      }))
      balancer.update(candidates)
      for (let n = 0; n < 20; n++) {
        assert.equal(balancer.pick(triedCtx('i000'))?.target, 'i001')
        assert.equal(balancer.pick(triedCtx('i000', 'i001'))?.weight, 0)
      }
    }
  })

  it('goes by the scores of all where all were tried', () => {
    for (const size of [4, 5]) {
      const balancer = lowestOf({ choices: 64 })
      const candidates = virtualCandidates(idsTo(size))
      for (const [at, each] of candidates.entries()) each.latencyMs = at === 2 ? 1 : 2
      balancer.update(candidates)
      for (let n = 0; n < 20; n++) assert.equal(balancer.pick(triedCtx(...idsTo(size)))?.target, 'i002')
    }
  })
})
