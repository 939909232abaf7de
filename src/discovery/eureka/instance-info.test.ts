import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceInfoOf } from './instance-info.ts'

/** As a Spring Boot application registers, and Spring Cloud Netflix 4.3 shows it. */
const spring = {
  instanceId: 'host-7:greeter:8080',
  hostName: 'host-7',
  app: 'GREETER',
  ipAddr: '10.0.0.7',
  status: 'UP',
  overriddenStatus: 'UNKNOWN',
  port: { $: 8080, '@enabled': 'true' },
  securePort: { $: 443, '@enabled': 'false' },
  countryId: 1,
  dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
  leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90, lastRenewalTimestamp: 1_795_314_832_275 },
  metadata: { 'management.port': '8080', zone: 'z1' },
  homePageUrl: 'http://host-7:8080/',
  vipAddress: 'greeter',
  isCoordinatingDiscoveryServer: 'false',
  lastUpdatedTimestamp: '1795314832276',
  lastDirtyTimestamp: '1795314832094',
  actionType: 'ADDED',
}

describe('instanceInfoOf', () => {
  it('reads an instance of Spring', () => {
    assert.deepEqual(instanceInfoOf(spring, 'GREETER'), {
      app: 'GREETER',
      id: 'host-7:greeter:8080',
      status: 'UP',
      action: 'ADDED',
      hostName: 'host-7',
      ipAddr: '10.0.0.7',
      port: 8080,
      securePort: undefined,
      metadata: { 'management.port': '8080', zone: 'z1' },
      amazonZone: undefined,
      lastDirtyAt: 1_795_314_832_094,
    })
  })

  it('reads ports in all the forms that they have', () => {
    const portsOf = (port: unknown, securePort: unknown) => {
      const info = instanceInfoOf({ ...spring, port, securePort }, '')
      return [info.port, info.securePort]
    }
    assert.deepEqual(portsOf(80, 443), [80, undefined])
    assert.deepEqual(portsOf('80', undefined), [80, undefined])
    assert.deepEqual(portsOf({ $: '80', '@enabled': 'true' }, { $: 443, '@enabled': true }), [80, 443])
    assert.deepEqual(portsOf({ $: 80, '@enabled': 'false' }, { $: 0, '@enabled': 'true' }), [undefined, undefined])
    for (const none of [null, {}, [], 'http', 1.5, -1]) assert.deepEqual(portsOf(none, none), [undefined, undefined])
  })

  it('reads what Amazon says of it', () => {
    const metadata = { 'availability-zone': 'us-east-1c', 'instance-id': 'i-7' }
    const dataCenterInfo = { '@class': 'com.netflix.appinfo.AmazonInfo', name: 'Amazon', metadata }
    const { amazonZone, id } = instanceInfoOf({ ...spring, instanceId: undefined, dataCenterInfo }, '')
    assert.deepEqual([amazonZone, id], ['us-east-1c', 'i-7'])
  })

  it('has the host as the id of an old one, and the name of its application from around it', () => {
    const info = instanceInfoOf({ hostName: 'h1', ipAddr: '10.0.0.1', port: 80 }, 'add')
    assert.deepEqual([info.id, info.app, info.status, info.lastDirtyAt], ['h1', 'ADD', 'UNKNOWN', 0])
  })

  it('takes a time that cannot be counted on for none', () => {
    for (const lastDirtyTimestamp of ['1e300', 'soon', null, 0.5, {}])
      assert.equal(instanceInfoOf({ ...spring, lastDirtyTimestamp }, '').lastDirtyAt, 0)
    assert.equal(instanceInfoOf({ ...spring, lastDirtyTimestamp: 7 }, '').lastDirtyAt, 7)
  })

  it('leaves the class of a map out of the metadata, and what is no text', () => {
    const metadata = { '@class': 'java.util.Collections$EmptyMap', a: 'b', n: 7, yes: true, none: null, list: [1] }
    assert.deepEqual(instanceInfoOf({ ...spring, metadata }, '').metadata, { a: 'b', n: '7', yes: 'true' })
    for (const none of [null, undefined, 'text', []])
      assert.deepEqual(instanceInfoOf({ ...spring, metadata: none }, '').metadata, {})
  })

  it('refuses what is no instance', () => {
    for (const none of [null, undefined, 'text', 7, [], {}, { instanceId: 'a' }, { app: 'ADD' }])
      assert.throws(() => instanceInfoOf(none, undefined), { message: 'an instance has no id or no application' })
  })
})
