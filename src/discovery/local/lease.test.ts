import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceAt } from '../instance.ts'
import { type Lease, largestLeaseBytes, leaseText, parseLease } from './lease.ts'

const lease: Lease = {
  service: 'orders',
  instance: {
    ...instanceAt('10.0.0.1:8080'),
    weight: 2,
    tags: ['blue'],
    metadata: { version: '2', ключ: '\u{1f600}\ud800' },
  },
  owner: { pid: 12, startedAt: '345', place: 'here' },
  leaseMs: 5_000,
  announcedAt: 1_000,
}

describe('lease', () => {
  it('comes back as it went', () => {
    assert.deepEqual(parseLease(leaseText(lease), 'orders'), lease)
    const { startedAt: _, ...owner } = lease.owner
    assert.deepEqual(parseLease(leaseText({ ...lease, owner }), 'orders').owner, owner)
  })

  it('is refused when it is larger than readers take', () => {
    const large = (bytes: number) => ({ ...lease, instance: { ...lease.instance, zone: 'x'.repeat(bytes) } })
    assert.throws(
      () => leaseText(large(largestLeaseBytes)),
      /an instance may take 65536 bytes with all its metadata, but takes \d+/,
    )
    assert.ok(leaseText(large(60_000)).length <= largestLeaseBytes)
  })

  const refused: [reason: RegExp, change: object | null][] = [
    [/no object/, null],
    [/service must be "orders"/, { service: 'other' }],
    [/id must be a text/, { instance: undefined }],
    [/address must be host:port/, { instance: { id: 'a', address: 'a' } }],
    [/weight must be/, { instance: { ...lease.instance, weight: -1 } }],
    [/leaseMs must be a number from 1 to 86400000/, { leaseMs: 1e9 }],
    [/leaseMs must be/, { leaseMs: '5000' }],
    [/announcedAt must be/, { announcedAt: undefined }],
    [/owner.pid must be/, { owner: undefined }],
    [/owner.pid must be/, { owner: { ...lease.owner, pid: 0 } }],
    [/owner.pid must be/, { owner: { ...lease.owner, pid: -1 } }],
    [/owner.place must be/, { owner: { pid: 1 } }],
    [/owner.startedAt must be/, { owner: { ...lease.owner, startedAt: 5 } }],
  ]
  for (const [reason, change] of refused)
    it(`is refused with ${JSON.stringify(change)}`, () => {
      assert.throws(() => parseLease(JSON.stringify(change && { ...lease, ...change }), 'orders'), reason)
    })

  it('is refused when only a part of it is there', () => {
    const text = leaseText(lease)
    for (let length = 0; length < text.length - 1; length += 7)
      assert.throws(() => parseLease(text.slice(0, length), 'orders'), SyntaxError)
  })
})
