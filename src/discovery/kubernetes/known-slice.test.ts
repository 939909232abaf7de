import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EndpointSlice, SliceEndpoint } from './endpoint-slice.ts'
import { knownSlice, type WantedEndpoints } from './known-slice.ts'

const wanted: WantedEndpoints = { service: 'orders', port: undefined, addressType: undefined, readyOnly: true }
const pod = (name: string, more: Partial<SliceEndpoint> = {}): SliceEndpoint => ({
  addresses: ['10.0.0.1'],
  targetRef: { kind: 'Pod', name },
  ...more,
})
const sliceOf = (endpoints: readonly SliceEndpoint[] | null, more: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: { name: 'orders-x7k2p' },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'http', port: 80 }],
  ...more,
})
const read = (slice: EndpointSlice, more: Partial<WantedEndpoints> = {}) => knownSlice(slice, { ...wanted, ...more })
const namesIn = (slice: EndpointSlice, more?: Partial<WantedEndpoints>) =>
  read(slice, more).instances.map(({ instance: { id, weight } }) => (weight === 0 ? `${id} spare` : id))

describe('knownSlice', () => {
  it('names an instance for its pod, with zone and node', () => {
    const { instances, lease, flaw } = read(sliceOf([pod('orders-1', { zone: 'z1', nodeName: 'n1' })]))
    const instance = { id: 'orders-1', address: '10.0.0.1:80', zone: 'z1', metadata: { nodeName: 'n1' } }
    assert.deepEqual([instances, lease, flaw], [[{ instance, rank: 0 }], undefined, undefined])
  })

  it('takes the first address, and names an endpoint for it that nobody names', () => {
    const ids = (slice: EndpointSlice) => read(slice).instances.map(({ instance }) => instance)
    assert.deepEqual(ids(sliceOf([{ addresses: ['10.0.0.2', '10.0.0.3'] }])), [
      { id: '10.0.0.2:80', address: '10.0.0.2:80' },
    ])
    const six = sliceOf([{ addresses: ['fd00::1'], targetRef: null }], { addressType: 'IPv6' })
    assert.deepEqual(ids(six), [{ id: '[fd00::1]:80', address: '[fd00::1]:80' }])
  })

  it('takes who is ready, or of whom nothing is said, and as spares who ends but serves', () => {
    const endpoints = [
      pod('silent', { conditions: {} }),
      pod('unknown', { conditions: { ready: null } }),
      pod('ready', { conditions: { ready: true, serving: true, terminating: false } }),
      pod('ending', { conditions: { ready: false, serving: true, terminating: true } }),
      pod('ended', { conditions: { ready: false, serving: false, terminating: true } }),
      pod('starting', { conditions: { ready: false } }),
    ]
    assert.deepEqual(namesIn(sliceOf(endpoints)), ['silent', 'unknown', 'ready', 'ending spare'])
    assert.deepEqual(namesIn(sliceOf(endpoints), { readyOnly: false }), [
      'silent',
      'unknown',
      'ready',
      'ending spare',
      'ended spare',
      'starting spare',
    ])
  })

  it('ranks who is ready before spares, and among them IPv4 before IPv6 before names', () => {
    const ending = { ready: false, serving: true, terminating: true }
    const ranks = (['IPv4', 'IPv6', 'FQDN'] as const).map((addressType) =>
      read(sliceOf([pod('a'), pod('b', { conditions: ending })], { addressType })).instances.map(({ rank }) => rank),
    )
    assert.deepEqual(ranks, [
      [0, 3],
      [1, 4],
      [2, 5],
    ])
  })

  it('leaves out other kinds of addresses than those that are wanted', () => {
    assert.deepEqual(namesIn(sliceOf([pod('a')]), { addressType: 'IPv6' }), [])
    assert.deepEqual(namesIn(sliceOf([pod('a')]), { addressType: 'IPv4' }), ['a'])
  })

  it('does not ask a slice without endpoints for its port, as a service without pods has one', () => {
    for (const endpoints of [null, []]) assert.deepEqual(read(sliceOf(endpoints, { ports: null })).instances, [])
    assert.throws(() => read(sliceOf([pod('a')], { ports: null })), /give the number of a port/)
  })

  it('leaves out what cannot be called, and says why', () => {
    const { instances, flaw } = read(sliceOf([pod('a', { addresses: [] }), pod('b')]))
    assert.deepEqual([instances.length, flaw?.message.slice(0, 27)], [1, 'address must be host:port, '])
    const other = read(sliceOf([pod('a')]), { port: 81 })
    assert.deepEqual([other.instances, other.flaw?.message], [[], 'no endpoint listens on 81'])
  })

  it('has what a registrar said of an instance', () => {
    const said = { id: 'one', weight: 3, priority: 1, tags: ['blue'], metadata: { version: '2' } }
    const annotated = (text: string) =>
      sliceOf([{ addresses: ['10.0.0.1'], zone: 'z1', nodeName: 'n1' }], {
        metadata: { name: 'a', annotations: { 'servicekit/instance': text } },
      })
    const [known] = read(annotated(JSON.stringify(said))).instances
    assert.deepEqual(known?.instance, { ...said, address: '10.0.0.1:80', zone: 'z1' })
    for (const bad of ['{', '7', '{"id":7}', '{"id":"a","weight":-1}', '{"metadata":{"a":1}}']) {
      const { instances, flaw } = read(annotated(bad))
      assert.ok(instances.length === 0 && flaw !== undefined, bad)
    }
  })
})
