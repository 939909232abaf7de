import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advertisedInstance, checkAdvertised } from './advertised-instance.ts'

const server = { url: 'http://10.0.0.1:8080', address: '10.0.0.1:8080' }

describe('advertisedInstance', () => {
  it('is at what the server is bound to, and has that as its id', () => {
    const instance = { id: '10.0.0.1:8080', address: '10.0.0.1:8080' }
    assert.deepEqual(advertisedInstance(undefined, server), instance)
    assert.deepEqual(advertisedInstance(undefined, { url: 'http://10.0.0.1:8080' }), instance)
    assert.equal(advertisedInstance({}, { url: 'http://[::1]:80', address: '[::1]:8080' }).address, '[::1]:8080')
  })

  it('is at the address of the machine where the server listens on all interfaces', () => {
    const at = (address: string, found: string | undefined) => {
      const asked: boolean[] = []
      const reachable = (allowsIPv6: boolean) => {
        asked.push(allowsIPv6)
        return found
      }
      return [advertisedInstance(undefined, { url: 'http://127.0.0.1:80', address }, reachable).address, ...asked]
    }
    assert.deepEqual(at('0.0.0.0:80', '10.1.2.3'), ['10.1.2.3:80', false])
    assert.deepEqual(at('[::]:80', 'fd00::1'), ['[fd00::1]:80', true])
    assert.deepEqual(at('[::]:80', undefined), ['127.0.0.1:80', true])
  })

  it('is at the address that is given, with the port of the server where that has none', () => {
    const at = (advertise: string) => advertisedInstance(advertise, server).address
    assert.equal(at('shop.internal:443'), 'shop.internal:443')
    assert.equal(at('shop.internal'), 'shop.internal:8080')
    assert.equal(at('10.9.9.9'), '10.9.9.9:8080')
    assert.equal(at('fd00::1'), '[fd00::1]:8080')
    assert.equal(at('[fd00::1]'), '[fd00::1]:8080')
  })

  it('has what else is given', () => {
    const given = { id: 'shop-1', zone: 'a', weight: 2, tags: ['canary'] }
    assert.deepEqual(advertisedInstance(given, server), { ...given, address: '10.0.0.1:8080' })
    const named = advertisedInstance({ address: 'shop.internal', id: undefined }, server)
    assert.deepEqual(named, { id: 'shop.internal:8080', address: 'shop.internal:8080' })
  })

  it('refuses what makes no sense', () => {
    const refused = /address must be host:port, with a port from 1 to 65535, but is/
    for (const address of ['http://shop:80', 'shop:0', 'shop:http', '', 'a b', '10.0.0.1:99999', 8080 as never]) {
      assert.throws(() => advertisedInstance(address, server), refused)
      assert.throws(() => advertisedInstance({ address }, server), refused)
    }
    for (const address of ['0.0.0.0', '0.0.0.0:80', '::', '[::]:80', '0:0:0:0:0:0:0:0'])
      assert.throws(() => checkAdvertised(address), /advertise must say where others reach.* is all interfaces/)
    assert.throws(() => checkAdvertised({ weight: -1 }), /weight must be a number from 0/)
    const socket = { url: 'http://localhost', address: undefined }
    assert.throws(
      () => advertisedInstance(undefined, socket),
      /advertise must say at which host:port.* http:\/\/localhost/,
    )
    assert.throws(() => advertisedInstance('shop', socket), refused)
    checkAdvertised(undefined)
    checkAdvertised('shop')
  })
})
