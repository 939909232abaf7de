import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkPacketLimits } from './packet-limits.ts'
import { socketAddress } from './socket-address.ts'

describe('checkPacketLimits', () => {
  const udp = socketAddress('udp://127.0.0.1:1')
  const tcp = socketAddress('tcp://127.0.0.1:1')

  it('lets pass what makes sense, and nothing at all', () => {
    checkPacketLimits(udp, {})
    checkPacketLimits(udp, { maxPacketBytes: 65_507, maxPendingBytes: 65_507 })
    checkPacketLimits(udp, { maxPendingBytes: 1_432 })
  })

  it('refuses packets that cannot be', () => {
    for (const maxPacketBytes of [127, 65_508, 200.5])
      assert.throws(
        () => checkPacketLimits(udp, { maxPacketBytes }),
        /^RangeError: maxPacketBytes must be an integer from 128/,
      )
  })

  it('wants room for a packet', () => {
    assert.throws(
      () => checkPacketLimits(tcp, { maxPendingBytes: 1_432 }),
      /maxPendingBytes must be a number from 16384/,
    )
    assert.throws(() => checkPacketLimits(tcp, { maxPacketBytes: 500, maxPendingBytes: 499 }), /from 500 to/)
  })
})
