import assert from 'node:assert/strict'
import { it } from 'node:test'
import { TriedInstances } from '../core/tried-instances.ts'
import { virtualCandidates } from '../testing/conformance/balancer-harness.ts'
import { untriedFrom } from './untried.ts'

const candidates = virtualCandidates(['a', 'b', 'c', 'd'])

function triedOf(...ids: readonly string[]): TriedInstances {
  const tried = new TriedInstances()
  for (const id of ids) tried.add(id)
  return tried
}

it('gives the first one that was not tried, around the end', () => {
  assert.equal(untriedFrom(candidates, 1, triedOf('a')), 1)
  assert.equal(untriedFrom(candidates, 1, triedOf('b')), 2)
  assert.equal(untriedFrom(candidates, 2, triedOf('c', 'a', 'd')), 1)
})

it('gives the start where all were tried, or there is nothing', () => {
  assert.equal(untriedFrom(candidates, 2, triedOf('d', 'c', 'b', 'a', 'gone')), 2)
  assert.equal(untriedFrom([], 0, triedOf('a')), 0)
})

it('looks at no more than were tried and one, and tells what it passes over', () => {
  const many = virtualCandidates(Array.from({ length: 1_000 }, (_, at) => `i${at}`))
  const seen: unknown[] = []
  const consider = (...told: readonly unknown[]) => seen.push(told)
  assert.equal(untriedFrom(many, 998, triedOf('i998', 'i999', 'i500'), { consider }), 0)
  assert.deepEqual(seen, [
    [many[998], undefined, 'tried'],
    [many[999], undefined, 'tried'],
  ])
})
