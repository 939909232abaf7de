import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tableOf } from './show.ts'

const instance = { calls: 6_000, share: 0.25, failed: 0, retries: 0 }
const summary = {
  calls: 20_520,
  failed: 0,
  retried: 7,
  p50Ms: 1.4,
  p99Ms: 22,
  maxMs: 13_562,
  instances: [
    { ...instance, id: 'a', state: 'there' },
    { ...instance, id: 'b', state: 'gone' },
    { ...instance, id: 'c', state: 'circuit half open' },
  ],
  events: [],
}

describe('tableOf', () => {
  it('says how each instance was in the end, also on a narrow terminal', () => {
    const ends = (columns: number) =>
      tableOf(summary, columns)
        .slice(0, 4)
        .map((line) => line.slice(line.lastIndexOf('  ') + 2))
    assert.deepEqual(ends(80), ['in the end', 'there', 'gone', 'circuit half open'])
    assert.deepEqual(ends(59), ['end', 'up', 'gone', 'half'])
    for (const columns of [80, 59])
      for (const line of tableOf(summary, columns)) assert.ok(line.length <= columns, line)
  })

  it('says from when on calls are timed', () => {
    assert.ok(
      tableOf(summary, 80).includes('p50 1.4 ms  p99 22 ms  longest 13562 ms,  each from when the call was due'),
    )
  })
})
