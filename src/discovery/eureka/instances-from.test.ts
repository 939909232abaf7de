import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceInfoOf } from './instance-info.ts'
import { instancesFrom, type WantedInstances } from './instances-from.ts'

const raw = {
  instanceId: 'h1:add:9001',
  hostName: 'h1',
  ipAddr: '10.0.0.1',
  status: 'UP',
  port: { $: 9001, '@enabled': 'true' },
  securePort: { $: 9443, '@enabled': 'true' },
}

function instances(raws: readonly object[], wanted: Partial<WantedInstances> = {}) {
  const infos = raws.map((each) => instanceInfoOf({ ...raw, ...each }, 'ADD'))
  return instancesFrom({ upOnly: true, secure: false, address: 'ip', ...wanted })(infos, 'add')
}

describe('instancesFrom', () => {
  it('takes the address that is wanted, or the other one where there is none', () => {
    const addressOf = (wanted: Partial<WantedInstances>, more = {}) => instances([more], wanted)[0]?.address
    assert.equal(addressOf({}), '10.0.0.1:9001')
    assert.equal(addressOf({ address: 'host' }), 'h1:9001')
    assert.equal(addressOf({ address: 'host', secure: true }), 'h1:9443')
    assert.equal(addressOf({}, { ipAddr: '' }), 'h1:9001')
    assert.equal(addressOf({}, { ipAddr: '2001:db8::1' }), '[2001:db8::1]:9001')
    assert.equal(addressOf({ address: 'host' }, { hostName: '[2001:db8::1]' }), '[2001:db8::1]:9001')
  })

  it('leaves out who is not up, or gives it no weight', () => {
    const statuses = ['UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN']
    const raws = statuses.map((status) => ({ instanceId: status, status, metadata: { weight: '7' } }))
    const weightsOf = (upOnly: boolean) => instances(raws, { upOnly }).map(({ id, weight }) => [id, weight])
    assert.deepEqual(weightsOf(true), [['UP', 7]])
    assert.deepEqual(weightsOf(false), [['UP', 7], ...statuses.slice(1).map((status) => [status, 0])])
  })

  it('takes what metadata says of it, where that is said in its form', () => {
    const metadata = { zone: 'z1', weight: '2.5', priority: '1', tags: 'blue,v2', version: '3' }
    const [told, odd, bare] = instances([
      { metadata },
      { metadata: { weight: 'heavy', priority: '-1' } },
      { metadata: { '@class': 'java.util.Collections$EmptyMap' } },
    ])
    const address = '10.0.0.1:9001'
    const said = { weight: 2.5, priority: 1, zone: 'z1', tags: ['blue', 'v2'], metadata: { version: '3' } }
    assert.deepEqual(told, { id: 'h1:add:9001', address, ...said })
    for (const each of [odd, bare]) assert.deepEqual(each, { id: 'h1:add:9001', address })
  })

  it('has the zone of Amazon where none is said', () => {
    const dataCenterInfo = { name: 'Amazon', metadata: { 'availability-zone': 'us-east-1c' } }
    assert.equal(instances([{ dataCenterInfo }])[0]?.zone, 'us-east-1c')
    assert.equal(instances([{ dataCenterInfo, metadata: { zone: 'z1' } }])[0]?.zone, 'z1')
  })

  it('leaves out who cannot be called, unless there is nobody else', () => {
    const closed = { instanceId: 'closed', port: { $: 9001, '@enabled': 'false' } }
    assert.deepEqual(
      instances([{}, closed]).map(({ id }) => id),
      ['h1:add:9001'],
    )
    assert.throws(
      () => instances([closed, closed]),
      /^Error: none of 2 instances of add can be called: address must be/,
    )
    assert.deepEqual(instances([]), [])
    assert.deepEqual(instances([{ ...closed, status: 'DOWN' }]), [])
  })

  it('gives the same object for what has not changed', () => {
    const infos = ['a', 'b'].map((instanceId) => instanceInfoOf({ ...raw, instanceId }, 'ADD'))
    const instancesIn = instancesFrom({ upOnly: true, secure: false, address: 'ip' })
    const [first, second] = [instancesIn(infos, 'add'), instancesIn(infos, 'add')]
    assert.equal(first[0], second[0])
    assert.equal(first[1], second[1])
  })
})
