import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Instance } from '../instance.ts'
import { instanceInfoOf } from './instance-info.ts'
import { instancesFrom } from './instances-from.ts'
import { registrationBody } from './registration.ts'

const terms = { ttlMs: 90_000, secure: false, statusPath: '/livez', healthPath: '/readyz' }

const bodyOf = (instance: Partial<Instance> = {}, more: Partial<typeof terms> = {}, service = 'addsvc') =>
  registrationBody(service, { id: '10.0.0.1:80', address: '10.0.0.1:80', ...instance }, { ...terms, ...more }, 7)

/** What an instancer makes of it, behind JSON. */
function cameBack(body: ReturnType<typeof bodyOf>, secure = false): Instance | undefined {
  const info = instanceInfoOf(JSON.parse(JSON.stringify(body)).instance, undefined)
  return instancesFrom({ upOnly: true, secure, address: 'ip' })([info], 'addsvc')[0]
}

describe('registrationBody', () => {
  it('says all that Spring reads', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(bodyOf({ zone: 'z1' }))), {
      instance: {
        instanceId: 'addsvc:10.0.0.1:80',
        app: 'ADDSVC',
        hostName: '10.0.0.1',
        ipAddr: '10.0.0.1',
        vipAddress: 'addsvc',
        secureVipAddress: 'addsvc',
        status: 'UP',
        overriddenstatus: 'UNKNOWN',
        port: { $: 80, '@enabled': 'true' },
        securePort: { $: 443, '@enabled': 'false' },
        homePageUrl: 'http://10.0.0.1:80/',
        statusPageUrl: 'http://10.0.0.1:80/livez',
        healthCheckUrl: 'http://10.0.0.1:80/readyz',
        countryId: 1,
        dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
        leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
        metadata: { zone: 'z1' },
        isCoordinatingDiscoveryServer: 'false',
        lastUpdatedTimestamp: '7',
        lastDirtyTimestamp: '7',
      },
    })
  })

  it('has the port as the secure one where calls are secure', () => {
    const { port, securePort, healthCheckUrl, secureHealthCheckUrl, homePageUrl } = bodyOf(
      {},
      { secure: true },
    ).instance
    assert.deepEqual(
      [port, securePort],
      [
        { $: 80, '@enabled': 'false' },
        { $: 80, '@enabled': 'true' },
      ],
    )
    assert.deepEqual(
      [healthCheckUrl, secureHealthCheckUrl, homePageUrl],
      [undefined, 'https://10.0.0.1:80/readyz', 'https://10.0.0.1:80/'],
    )
    assert.equal(cameBack(bodyOf({}, { secure: true }), true)?.address, '10.0.0.1:80')
  })

  it('writes an IPv6 host so that URLs can be made of it', () => {
    const { hostName, ipAddr, homePageUrl } = bodyOf({ address: '[2001:db8::1]:80' }).instance
    assert.deepEqual([hostName, ipAddr, homePageUrl], ['[2001:db8::1]', '2001:db8::1', 'http://[2001:db8::1]:80/'])
  })

  it('writes leases in whole seconds, never shorter', () => {
    const leaseOf = (ttlMs: number) => bodyOf({}, { ttlMs }).instance['leaseInfo']
    assert.deepEqual(leaseOf(1_000), { renewalIntervalInSecs: 1, durationInSecs: 1 })
    assert.deepEqual(leaseOf(10_500), { renewalIntervalInSecs: 3, durationInSecs: 11 })
  })

  it('loses nothing of an instance on its way to an instancer', () => {
    const text = fc.stringMatching(/^[a-z0-9,%]{1,8}$/)
    const instances = fc.record(
      {
        id: fc.stringMatching(/^[a-z0-9]{1,8}$/),
        address: fc.constantFrom('10.0.0.1:80', '[2001:db8::1]:8080', 'host.test:1'),
        weight: fc.oneof(fc.integer({ min: 0, max: 2 ** 40 }), fc.double({ min: 0, max: 1e6, noNaN: true })),
        priority: fc.nat(),
        zone: text,
        tags: fc.array(text, { minLength: 1, maxLength: 3 }),
        metadata: fc.dictionary(fc.stringMatching(/^m[a-z0-9_.-]{0,7}$/), text, { minKeys: 1 }),
      },
      { requiredKeys: ['id', 'address'] },
    )
    const property = fc.property(instances, (instance) => {
      const expected = { ...instance, id: `addsvc:${instance.id}` }
      const plain = expected.metadata ? { ...expected, metadata: { ...expected.metadata } } : expected
      assert.deepEqual(cameBack(bodyOf(instance as Instance)), plain)
    })
    fc.assert(property, { seed: 8761 })
  })

  it('refuses what Eureka could not tell others', () => {
    for (const service of ['', 'a b', 'a/b', 'ä', 7 as never])
      assert.throws(() => bodyOf({}, {}, service), /^TypeError: service for eureka must be letters, digits/)
    for (const key of ['a b', '', '1a', '@class', 'xmlns', 'a/b', 'ä'])
      assert.throws(() => bodyOf({ metadata: { [key]: '' } }), /^TypeError: metadata keys for eureka are names in XML/)
    for (const value of ['\0', '\x1b', '\ud800', '\ufffe'])
      assert.throws(() => bodyOf({ metadata: { a: value } }), /^TypeError: metadata.a for eureka must have no/)
    assert.throws(() => bodyOf({ zone: '\0' }), /^TypeError: metadata.zone for eureka/)
    assert.throws(() => bodyOf({ address: 'nowhere' }), /address must be host:port/)
    assert.deepEqual(bodyOf({ metadata: { 'A_1.b-c': '\n<&>"é𝄞' } }).instance['metadata'], { 'A_1.b-c': '\n<&>"é𝄞' })
  })
})
