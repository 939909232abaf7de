import assert from 'node:assert/strict'
import { it } from 'node:test'
import { allHealthy } from './all-healthy.ts'
import type { InstanceHealth } from './instance-health.ts'

it('is healthy while all are', () => {
  const health = (healthy: boolean): InstanceHealth => ({ healthy, onChange() {}, [Symbol.dispose]() {} })
  assert.equal(allHealthy(health(true), health(true)).healthy, true)
  assert.equal(allHealthy(health(true), health(false)).healthy, false)
})
