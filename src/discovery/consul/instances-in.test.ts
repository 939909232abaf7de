import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instancesIn } from './instances-in.ts'

/** An entry as Consul 1.13 sends one, with some of it changed. */
function entry(service: object = {}, node: object = {}, states: readonly string[] = ['passing']): object {
  return {
    Node: { ID: 'fea68167', Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1', Meta: { rack: 'r1' }, ...node },
    Service: {
      ID: 'add-1',
      Service: 'add',
      Tags: [],
      Address: '10.0.0.9',
      Meta: {},
      Port: 8080,
      Weights: { Passing: 1, Warning: 1 },
      ...service,
    },
    Checks: states.map((Status) => ({ Node: 'n1', CheckID: 'c', Status })),
  }
}

const encoded = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const read = (entries: unknown, tags: readonly string[] = []) => instancesIn(encoded(entries), { tags })
const only = (...parts: Parameters<typeof entry>) => read([entry(...parts)])[0]

describe('instancesIn', () => {
  it('prefers the address of the service to that of its node', () => {
    assert.deepEqual(only(), { id: 'n1/add-1', address: '10.0.0.9:8080', weight: 1 })
    assert.equal(only({ Address: '' })?.address, '10.0.0.1:8080')
  })

  it('puts an IPv6 address in brackets', () => {
    assert.equal(only({ Address: '2001:db8::1' })?.address, '[2001:db8::1]:8080')
    assert.equal(only({ Address: '' }, { Address: 'fe80::1' })?.address, '[fe80::1]:8080')
  })

  it('tells the same ID on two agents apart', () => {
    const ids = read([entry(), entry({}, { Node: 'n2' })]).map(({ id }) => id)
    assert.deepEqual(ids, ['n1/add-1', 'n2/add-1'])
  })

  it('gives tags and metadata, and none where Consul says null', () => {
    const { tags, metadata } = only({ Tags: ['prod', 'v2'], Meta: { version: '2.1' } }) ?? {}
    assert.deepEqual([tags, metadata], [['prod', 'v2'], { version: '2.1' }])
    assert.deepEqual(only({ Tags: null, Meta: null, Weights: null }), only())
  })

  it('takes zone, priority and an exact weight out of the metadata', () => {
    const { metadata, ...rest } = only({ Meta: { zone: 'z1', priority: '2', weight: '0.5', a: 'b' } }) ?? {}
    assert.deepEqual(rest, { id: 'n1/add-1', address: '10.0.0.9:8080', weight: 0.5, priority: 2, zone: 'z1' })
    assert.deepEqual(metadata, { a: 'b' })
  })

  it('takes the zone of the node where the service has none', () => {
    assert.equal(only({}, { Meta: { zone: 'z7' } })?.zone, 'z7')
    assert.equal(only({ Meta: { zone: 'z1' } }, { Meta: { zone: 'z7' } })?.zone, 'z1')
    assert.equal(only({}, { Meta: null })?.zone, undefined)
  })

  it('passes over a priority or weight that is no number', () => {
    const instance = only({ Meta: { priority: 'high', weight: '-1' } })
    assert.deepEqual(instance, { id: 'n1/add-1', address: '10.0.0.9:8080', weight: 1 })
  })

  it('weighs by the state of the checks', () => {
    const Weights = { Passing: 10, Warning: 3 }
    assert.equal(only({ Weights })?.weight, 10)
    assert.equal(only({ Weights }, {}, ['passing', 'warning'])?.weight, 3)
    assert.equal(only({ Weights }, {}, ['warning', 'critical'])?.weight, 0)
    assert.equal(only({ Weights, Meta: { weight: '0.5' } }, {}, ['warning'])?.weight, 3)
  })

  it('keeps those that have all tags', () => {
    const entries = [
      entry({ ID: 'a', Tags: ['x'] }),
      entry({ ID: 'b', Tags: ['y', 'x'] }),
      entry({ ID: 'c', Tags: null }),
    ]
    const ids = read(entries, ['x', 'y']).map(({ id }) => id)
    assert.deepEqual(ids, ['n1/b'])
  })

  it('leaves out one that cannot be called, and says so when there is no other', () => {
    assert.deepEqual(
      read([entry({ ID: 'a', Port: 0 }), entry({ ID: 'b' }), entry({ ID: 'c', Address: 'no host' })]).map(
        ({ id }) => id,
      ),
      ['n1/b'],
    )
    assert.throws(
      () => read([entry({ Port: 0 })]),
      /^Error: none of 1 instances can be called: address must be host:port/,
    )
    assert.deepEqual(read([]), [])
  })

  it('refuses what is no list of entries', () => {
    assert.throws(() => read('<html>'), { message: 'the reply is not JSON: is this the URL of a Consul agent?' })
    for (const garbage of [{}, [7], [null], [{}], [{ Node: { Node: 'n1' }, Service: {} }], 'null'])
      assert.throws(() => read(garbage), { message: 'the reply is no list of service instances' })
  })
})
