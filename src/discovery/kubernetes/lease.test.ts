import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leaseOf } from './lease.ts'

const of = (annotations?: Record<string, string>) =>
  leaseOf({ metadata: { name: 'a', ...(annotations ? { annotations } : {}) }, addressType: 'IPv4' })

describe('leaseOf', () => {
  it('is what the annotations say', () => {
    const said = { 'servicekit/ttl-ms': '30000', 'servicekit/renewed-at': '2026-01-01T00:00:01.000Z' }
    assert.deepEqual(of(said), { ttlMs: 30_000, renewedAt: Date.UTC(2026, 0, 1, 0, 0, 1) })
  })

  it('is none where they say nothing, or nothing that makes sense', () => {
    const renewedAt = { 'servicekit/renewed-at': '2026-01-01T00:00:00Z' }
    for (const none of [undefined, {}, renewedAt, { 'servicekit/ttl-ms': '30000' }]) assert.equal(of(none), undefined)
    for (const ttl of ['0', '-1', 'x', '']) assert.equal(of({ ...renewedAt, 'servicekit/ttl-ms': ttl }), undefined)
    assert.equal(of({ 'servicekit/ttl-ms': '1', 'servicekit/renewed-at': 'noon' }), undefined)
  })
})
