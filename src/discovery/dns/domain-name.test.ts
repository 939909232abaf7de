import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { domainName, domainNameBytes, isDomainName } from './domain-name.ts'

describe('domainName', () => {
  it('takes names as they are written for hosts and services, with a dot at the end or without', () => {
    assert.equal(domainName('name', '_http._tcp.addsvc.example'), '_http._tcp.addsvc.example')
    assert.equal(domainName('name', 'AddSvc.Service.Consul.'), 'addsvc.service.consul')
    assert.equal(domainName('name', 'localhost'), 'localhost')
    assert.equal(domainName('name', `${'a'.repeat(63)}.example`), `${'a'.repeat(63)}.example`)
  })

  for (const name of ['', '.', '..', 'a..b', '.a', `${'a'.repeat(64)}.b`, 'a b', 'bücher.example', 'a\\.b', 'a\nb'])
    it(`refuses ${JSON.stringify(name)}, and says which option it is`, () => {
      assert.throws(() => domainName('name', name), /^TypeError: name must be a domain name/)
    })

  it('refuses what is no text', () => {
    assert.throws(() => domainName('name', undefined as never), /name must be a domain name.*undefined/)
  })

  it('takes as many octets as a name may have, and no more', () => {
    const longest = `${Array.from({ length: 4 }, () => 'a'.repeat(62)).join('.')}.b`
    assert.equal(domainNameBytes(longest).length, 255)
    assert.ok(isDomainName(longest))
    assert.ok(!isDomainName(`${longest}b`))
  })
})

describe('domainNameBytes', () => {
  it('writes each label after its length, and the root', () => {
    assert.deepEqual([...domainNameBytes('ab.c')], [2, 97, 98, 1, 99, 0])
  })
})
