import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Instance } from '../instance.ts'
import { checkedCheck } from './check.ts'
import { instancesIn } from './instances-in.ts'
import { serviceDefinition } from './service-definition.ts'

const define = (instance: Partial<Instance> = {}) =>
  serviceDefinition('add', { id: '10.0.0.1:80', address: '10.0.0.1:80', ...instance }, undefined)

/** What an instancer makes of a definition. */
function cameBack(definition: ReturnType<typeof define>): Instance | undefined {
  const entries = [{ Node: { Node: 'n1', Address: '127.0.0.1' }, Service: definition, Checks: [] }]
  return instancesIn(new TextEncoder().encode(JSON.stringify(entries)), { tags: [] })[0]
}

describe('serviceDefinition', () => {
  it('says address and port, with no more than there is', () => {
    assert.deepEqual(define(), {
      ID: 'add:10.0.0.1:80',
      Name: 'add',
      Address: '10.0.0.1',
      Port: 80,
      Tags: [],
      Meta: {},
      Weights: { Passing: 1, Warning: 1 },
    })
  })

  it('has the check under the ID that Consul would give it', () => {
    const { Check } = serviceDefinition('add', { id: 'a', address: '[::1]:80' }, checkedCheck({ http: '/up' }))
    assert.deepEqual([Check?.CheckID, Check?.HTTP], ['service:add:a', 'http://[::1]:80/up'])
  })

  it('writes the address of an IPv6 host without brackets', () => {
    assert.equal(define({ address: '[2001:db8::1]:80' }).Address, '2001:db8::1')
  })

  it('keeps a weight that Consul cannot count beside the nearest that it can', () => {
    const weights = [3, 0, 0.5, 1.6, 100_000].map((weight) => {
      const { Weights, Meta } = define({ weight })
      return [Weights.Passing, Meta['weight']]
    })
    assert.deepEqual(weights, [
      [3, undefined],
      [1, '0'],
      [1, '0.5'],
      [2, '1.6'],
      [65_535, '100000'],
    ])
  })

  it('loses nothing of an instance on its way to an instancer', () => {
    const text = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    const instances = fc.record(
      {
        id: text,
        address: fc.constantFrom('10.0.0.1:80', '[2001:db8::1]:8080', 'host.test:1'),
        weight: fc.oneof(fc.integer({ min: 0, max: 2 ** 40 }), fc.double({ min: 0, max: 1e6, noNaN: true })),
        priority: fc.nat(),
        zone: text,
        tags: fc.array(text, { minLength: 1, maxLength: 3 }),
        metadata: fc.dictionary(fc.stringMatching(/^m[a-z0-9_-]{0,7}$/), text, { minKeys: 1 }),
      },
      { requiredKeys: ['id', 'address'] },
    )
    const property = fc.property(instances, (instance) => {
      const expected = { weight: 1, ...instance, id: `n1/add:${instance.id}` }
      const metadata = expected.metadata && { ...expected.metadata }
      assert.deepEqual(cameBack(define(instance as Instance)), metadata ? { ...expected, metadata } : expected)
    })
    fc.assert(property, { seed: 8500 })
  })

  it('refuses what Consul would refuse again and again', () => {
    assert.throws(() => define({ metadata: { 'a b': '' } }), /metadata keys for consul have .* but one is "a b"/)
    for (const key of ['consul-a', '', 'k'.repeat(129)])
      assert.throws(() => define({ metadata: { [key]: '' } }), /metadata keys for consul have 1 to 128/)
    for (const text of ['x'.repeat(513), 'ü'.repeat(257)])
      assert.throws(() => define({ metadata: { a: text } }), /metadata.a must have at most 512 bytes.* but has 51[34]/)
    assert.equal(define({ metadata: { a: 'ü'.repeat(256), consul: '' } }).Meta['a']?.length, 256)
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, '']))
    assert.throws(() => define({ metadata: many }), /at most 64 entries for consul, but has 65/)
    assert.throws(() => define({ address: 'nowhere' }), /address must be host:port/)
  })
})
