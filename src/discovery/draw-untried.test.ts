import assert from 'node:assert/strict'
import { it } from 'node:test'
import { TriedInstances } from '../core/tried-instances.ts'
import { seededRandom } from '../primitives/random.ts'
import { idsTo, virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { drawUntried } from './draw-untried.ts'
import { Draws } from './draws.ts'

function triedOf(ids: readonly string[]): TriedInstances {
  const tried = new TriedInstances()
  for (const id of ids) tried.add(id)
  return tried
}

function countsOf(size: number, tried: readonly string[], picks: number): readonly number[] {
  const candidates = virtualCandidates(idsTo(size))
  const draws = new Draws(seededRandom(size))
  const counts = new Array<number>(size).fill(0)
  for (let n = 0; n < picks; n++) {
    const at = drawUntried(candidates, draws, tried.length === 0 ? undefined : triedOf(tried))
    counts[at] = (counts[at] ?? 0) + 1
  }
  return counts
}

it('draws each one as often as the others', () => {
  for (const count of countsOf(5, [], 5_000)) assert.ok(Math.abs(count - 1_000) < 100)
})

it('draws each one of those that were not tried as often as the others', () => {
  const [none, ...others] = countsOf(5, ['i000'], 4_000)
  assert.equal(none, 0)
  for (const count of others) assert.ok(Math.abs(count - 1_000) < 100)
})

it('finds the one that is left of many, and draws any where none is', () => {
  const ids = idsTo(100)
  assert.equal(countsOf(100, ids.slice(1), 50)[0], 50)
  assert.ok(countsOf(100, ids, 1_000).filter((count) => count > 0).length > 90)
})

it('has enough of drawing after eight that were tried', () => {
  let drawn = 0
  const stubborn = new Draws(() => {
    drawn++
    return 0.5
  })
  assert.equal(drawUntried(virtualCandidates(idsTo(4)), stubborn, triedOf(['i002'])), 3)
  assert.equal(drawn, 8)
})
