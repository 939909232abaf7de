import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Instance } from '../instance.ts'
import { instanceIn, instanceText } from './instance-text.ts'

describe('instanceText', () => {
  it('says all that there is to say, and only that', () => {
    const whole = { weight: 0.5, priority: 2, zone: 'z1', tags: ['v2'], metadata: { version: '2.1' } }
    const instance = { id: 'a/1', address: '[2001:db8::1]:80', ...whole }
    assert.equal(
      instanceText({ ...instance, secret: 'x' } as Instance),
      '{"id":"a/1","address":"[2001:db8::1]:80","weight":0.5,"priority":2,"zone":"z1","tags":["v2"],"metadata":{"version":"2.1"}}',
    )
    assert.equal(instanceText({ id: 'a', address: 'h:1', zone: undefined }), '{"id":"a","address":"h:1"}')
  })

  it('is read as it was written', () => {
    const given = fc.record(
      {
        id: fc.string({ minLength: 1 }),
        address: fc.constant('10.0.0.1:80'),
        weight: fc.double({ min: 0, max: 1e6, noNaN: true }).map((weight) => weight + 0),
        priority: fc.nat(),
        zone: fc.string(),
        tags: fc.array(fc.string()),
        metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
      },
      { requiredKeys: ['id', 'address'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(given, (instance) => assert.deepEqual(instanceIn(instanceText(instance), 'key'), instance)),
      { seed: 1 },
    )
  })

  it('refuses one that is larger than readers take', () => {
    const metadata = { long: 'ä'.repeat(40_000) }
    assert.throws(() => instanceText({ id: 'a', address: 'h:1', metadata }), /^RangeError: .*65536 bytes.*but takes 80/)
  })
})

describe('instanceIn', () => {
  it('reads what later versions may write besides, and takes the id of the key where there is none', () => {
    const value = ' {"address":"10.0.0.1:80","weight":2,"since":5,"__proto__":{"x":1}}'
    assert.deepEqual(instanceIn(value, 'i1'), { id: 'i1', address: '10.0.0.1:80', weight: 2 })
  })

  it('reads addresses and URLs, as Go kit writes them', () => {
    for (const value of ['10.0.0.1:80', 'http://10.0.0.1:80', 'https://10.0.0.1:80/', ' grpc://10.0.0.1:80\n'])
      assert.deepEqual(instanceIn(value, 'i1'), { id: 'i1', address: '10.0.0.1:80' })
  })

  it("reads what gRPC's naming for etcd puts", () => {
    const at = { id: 'e/1', address: '127.0.0.1:8080' }
    assert.deepEqual(instanceIn('{"Op":0,"Addr":"127.0.0.1:8080","Metadata":null}', 'e/1'), at)
    assert.deepEqual(instanceIn('{"Op":0,"Addr":"127.0.0.1:8080","Metadata":"v1"}', 'e/1'), at)
    assert.deepEqual(instanceIn('{"Op":0,"Addr":"127.0.0.1:8080","Metadata":{"zone":"a","n":1,"x":[2]}}', 'e/1'), {
      ...at,
      metadata: { zone: 'a', n: '1', x: '[2]' },
    })
  })

  it('refuses what is none', () => {
    const values = ['', 'x', '10.0.0.1', 'http://10.0.0.1:80/path', '{', '{}', 'null', '[]', '{"address":7}']
    const odd = [
      '{"address":"h:1","weight":-1}',
      '{"address":"h:1","tags":"a"}',
      '{"address":"h:1","id":7}',
      '{"Addr":1}',
    ]
    for (const value of [...values, ...odd, `h:1${' '.repeat(70_000)}`])
      assert.throws(() => instanceIn(value, 'i1'), Error, value)
  })
})
