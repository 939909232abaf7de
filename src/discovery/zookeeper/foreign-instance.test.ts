// Tests of foreign-instance.ts, with what Curator, Spring Cloud and Go kit write.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { foreignInstance } from './foreign-instance.ts'

// As Spring Cloud Zookeeper writes it.
const spring = {
  name: 'orders',
  id: 'ef010ed8-4b29-4a6f-aaad-f65d463c733b',
  address: '192.168.3.14',
  port: 8004,
  sslPort: null,
  payload: {
    '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
    id: 'application-1',
    name: 'orders',
    metadata: {},
  },
  registrationTimeUTC: 1_645_081_869_763,
  serviceType: 'DYNAMIC',
  uriSpec: { parts: [{ value: 'scheme', variable: true }] },
}
const withMetadata = (metadata: object) => ({ ...spring, payload: { ...spring.payload, metadata } })

describe('an instance that others announce', () => {
  it('is that of Spring Cloud, with its metadata', () => {
    assert.deepEqual(foreignInstance(spring), { id: spring.id, address: '192.168.3.14:8004' })
    const metadata = { zone: 'a', weight: '2.5', priority: '1', version: '7', number: 9, instance_status: 'UP' }
    assert.deepEqual(foreignInstance(withMetadata(metadata)), {
      id: spring.id,
      address: '192.168.3.14:8004',
      zone: 'a',
      weight: 2.5,
      priority: 1,
      metadata: { version: '7' },
    })
    assert.deepEqual(foreignInstance(withMetadata({ weight: 'heavy', priority: '-1' })), {
      id: spring.id,
      address: '192.168.3.14:8004',
    })
  })

  it('is that of Curator, with whatever payload, and with an encrypted port where there is no other', () => {
    for (const payload of [null, 'text', 7, ['a'], { metadata: 'text' }])
      assert.deepEqual(foreignInstance({ ...spring, payload }), { id: spring.id, address: '192.168.3.14:8004' })
    assert.deepEqual(foreignInstance({ address: '::1', port: null, sslPort: 8443 }), { address: '[::1]:8443' })
  })

  it('is out of service when one of them says so', () => {
    assert.equal(foreignInstance({ ...spring, enabled: false }), 'out of service')
    assert.equal(foreignInstance(withMetadata({ instance_status: 'OUT_OF_SERVICE' })), 'out of service')
    assert.deepEqual(foreignInstance({ ...spring, enabled: true }), { id: spring.id, address: '192.168.3.14:8004' })
  })

  it('is an URL', () => {
    assert.deepEqual(foreignInstance({ address: 'http://10.0.0.1:8080/x?y' }), { address: '10.0.0.1:8080' })
    assert.deepEqual(foreignInstance({ address: 'https://[::1]:8443' }), { address: '[::1]:8443' })
  })

  it('is none of these', () => {
    for (const members of [{ address: '10.0.0.1:80' }, {}, { address: 7, port: 1 }, { address: 'a', port: '80' }])
      assert.equal(foreignInstance(members), undefined)
  })
})
