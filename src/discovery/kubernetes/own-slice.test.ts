import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Instance } from '../instance.ts'
import { knownSlice } from './known-slice.ts'
import { type OwnSliceOptions, ownSlice, sliceName } from './own-slice.ts'

const options: OwnSliceOptions = { ttlMs: 30_000, portName: '', pod: undefined }
const moment = Date.UTC(2026, 0, 1)
const define = (instance: Partial<Instance> = {}, more: Partial<OwnSliceOptions> = {}) =>
  ownSlice('add', { id: 'one', address: '10.0.0.1:80', ...instance }, { ...options, ...more }, moment)

describe('ownSlice', () => {
  it('has one endpoint that is ready, and is marked as ours', () => {
    assert.deepEqual(define(), {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'add-7692c3ad3540bb80',
        labels: {
          'kubernetes.io/service-name': 'add',
          'endpointslice.kubernetes.io/managed-by': 'servicekit',
        },
        annotations: {
          'servicekit/instance': '{"id":"one"}',
          'servicekit/ttl-ms': '30000',
          'servicekit/renewed-at': '2026-01-01T00:00:00.000Z',
        },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: '', protocol: 'TCP', port: 80 }],
    })
  })

  it('has the pod as its owner, and the name of the port, where they are said', () => {
    const { metadata, ports } = define({}, { portName: 'http', pod: { name: 'p', uid: 'u' } })
    assert.deepEqual(metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }])
    assert.equal(ports?.[0]?.name, 'http')
  })

  it('says what kind of address it has', () => {
    const kinds = ['10.0.0.1:80', '[2001:db8::1]:80', 'a.test:80'].map((address) => {
      const { addressType, endpoints } = define({ address })
      return [addressType, endpoints?.[0]?.addresses[0]]
    })
    assert.deepEqual(kinds, [
      ['IPv4', '10.0.0.1'],
      ['IPv6', '2001:db8::1'],
      ['FQDN', 'a.test'],
    ])
  })

  it('loses nothing of an instance on its way to an instancer', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    const instances = fc.record(
      {
        id: text,
        address: fc.constantFrom('10.0.0.1:80', '[2001:db8::1]:8080', 'host.test:1'),
        weight: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true })),
        priority: fc.nat(),
        zone: text,
        tags: fc.array(text, { maxLength: 3 }),
        metadata: fc.dictionary(text, text),
      },
      { requiredKeys: ['id', 'address'] },
    )
    const wanted = { service: 'add', port: undefined, addressType: undefined, readyOnly: true }
    const property = fc.property(instances, (instance) => {
      const { instances: known, lease } = knownSlice(JSON.parse(JSON.stringify(define(instance))), wanted)
      assert.deepEqual(JSON.parse(JSON.stringify(known[0]?.instance)), JSON.parse(JSON.stringify(instance)))
      assert.deepEqual(lease, { ttlMs: 30_000, renewedAt: moment })
    })
    fc.assert(property, { seed: 6443 })
  })

  it('refuses what Kubernetes would refuse again and again', () => {
    const local = [
      '127.0.0.1:80',
      '0.0.0.0:80',
      '169.254.1.1:80',
      '224.0.0.1:80',
      '[::1]:80',
      '[::]:80',
      '[fe80::1]:80',
    ]
    for (const address of [...local, '[fe80::1%eth0]:80'])
      assert.throws(() => define({ address }), /kubernetes takes no address that is good on one machine only, like/)
    for (const address of ['localhost:80', 'A.test:80', 'a_b.test:80', '-a.test:80'])
      assert.throws(
        () => define({ address }),
        /must have an IP address or a whole name in small letters for kubernetes/,
      )
    assert.throws(() => define({ metadata: { a: 'x'.repeat(262_144) } }), /too large for kubernetes: 262\d\d\d bytes/)
    assert.throws(() => define({ address: 'nowhere' }), /address must be host:port/)
    assert.throws(() => ownSlice('Add', { id: 'a', address: '10.0.0.1:80' }, options, 0), /service must have/)
  })
})

describe('sliceName', () => {
  it('tells ids and services apart in what a name may have', () => {
    assert.match(sliceName('a'.repeat(63), 'ä/ b'), /^a{63}-[0-9a-f]{16}$/)
    assert.notEqual(sliceName('add', 'a'), sliceName('add', 'b'))
    assert.notEqual(sliceName('add', 'a'), sliceName('sub', 'a'))
  })
})
