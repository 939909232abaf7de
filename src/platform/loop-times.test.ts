// Tests of loop-times.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loopTimes, utilization } from './loop-times.ts'

describe('loopTimes', () => {
  it('is of this thread', () => {
    const read = loopTimes()
    assert.ok(read !== null)
    const { active, idle } = read()
    assert.ok(active >= 0 && idle >= 0)
  })
})

describe('utilization', () => {
  it('is the share of the time between two readings that the loop worked', () => {
    assert.equal(utilization({ active: 100, idle: 100 }, { active: 130, idle: 170 }), 0.3)
  })

  it('is 0 when no time has passed', () => {
    assert.equal(utilization({ active: 100, idle: 100 }, { active: 100, idle: 100 }), 0)
  })
})
