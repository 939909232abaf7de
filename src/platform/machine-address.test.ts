import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, it } from 'node:test'
import { type Interfaces, machineAddress } from './machine-address.ts'

/** Interfaces with these addresses, in order. */
function having(...addresses: readonly string[]): () => Interfaces {
  const entries = addresses.map((address, n) => {
    const family = isIP(address) === 6 ? 'IPv6' : 'IPv4'
    const internal = address === '127.0.0.1' || address === '::1'
    return [`eth${n}`, [{ address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }]] as const
  })
  return () => Object.fromEntries(entries) as Interfaces
}

describe('machineAddress', () => {
  it('is the first IPv4 address that others can reach', () => {
    const found = machineAddress(true, having('127.0.0.1', '::1', 'fd00::1', '169.254.0.7', '10.1.2.3', '10.9.9.9'))
    assert.equal(found, '10.1.2.3')
  })

  it('is an IPv6 address where there is no other, and the caller listens there', () => {
    const interfaces = having('::1', 'fe80::1', 'fd00::1')
    assert.equal(machineAddress(true, interfaces), 'fd00::1')
    assert.equal(machineAddress(false, interfaces), undefined)
  })

  it('is unknown without a network, and where the system does not say', () => {
    assert.equal(machineAddress(true, having('127.0.0.1', '::1')), undefined)
    const throws = () => {
      throw new Error('uv_interface_addresses')
    }
    assert.equal(machineAddress(true, throws), undefined)
  })

  it('is an address of this machine, if it has any', () => {
    const found = machineAddress(false)
    assert.ok(found === undefined || isIP(found) === 4)
  })
})
