// Tests of instance-text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Instance } from '../instance.ts'
import { instanceIn, instanceText } from './instance-text.ts'
import { nodeName } from './node-name.ts'

const most = 0xf_ffff
const whole: Instance = {
  id: 'a/1',
  address: '[2001:db8::1]:80',
  weight: 0.5,
  priority: 2,
  zone: 'z1',
  tags: ['v2'],
  metadata: { version: '2.1' },
}
const reading = (name: string, text: string) => instanceIn(name, Buffer.from(text))

describe('the data of a node', () => {
  it('are the instance as it is, without defaults', () => {
    assert.equal(instanceText({ id: 'a', address: '10.0.0.1:80' }, most), '{"id":"a","address":"10.0.0.1:80"}')
    assert.deepEqual(reading('a%2f1', instanceText(whole, most)), whole)
  })

  it('may be no larger than a packet', () => {
    const large = { ...whole, metadata: { text: 'x'.repeat(2_000) } }
    assert.throws(() => instanceText(large, 1_024), {
      name: 'RangeError',
      message: /^an instance may take 512 bytes for zookeeper, but takes 21\d\d$/,
    })
  })

  it('are a host and a port, as Go kit writes them', () => {
    const name = '_c_0123-orders0000000001'
    assert.deepEqual(reading(name, '10.0.0.1:8080\n'), { id: name, address: '10.0.0.1:8080' })
    assert.deepEqual(reading(name, 'http://10.0.0.1:8080'), { id: name, address: '10.0.0.1:8080' })
  })

  it('are what Curator writes', () => {
    const text = '{"name":"orders","id":"u1","address":"10.0.0.1","port":8080,"payload":null}'
    assert.deepEqual(reading('u1', text), { id: 'u1', address: '10.0.0.1:8080' })
    assert.equal(reading('u1', text.replace('null', '{"metadata":{"instance_status":"DOWN"}}')), undefined)
  })

  it('have the id of the node where they are not named after it', () => {
    assert.equal(reading('other', instanceText(whole, most))?.id, 'other')
    assert.equal(reading('n', '{"address":"10.0.0.1:80"}')?.id, 'n')
  })

  it('are refused when they make no sense', () => {
    for (const text of [
      '',
      ' ',
      'hello',
      '{',
      '{}',
      '[]',
      '{"address":"10.0.0.1"}',
      '{"address":"a:80","weight":"1"}',
      '{"address":"a:80","tags":"x"}',
      '{"address":"a:80","metadata":{"a":1}}',
    ])
      assert.throws(() => reading('n', text), Error, text)
  })

  it('give an instance or an error, whatever anybody has written there', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(`{"address":"a:80","x":${text},"metadata":${text}}`)),
        ),
        (bytes) => {
          try {
            assert.equal(instanceIn('n', Buffer.from(bytes))?.id ?? 'n', 'n')
          } catch (thrown) {
            assert.ok(thrown instanceof Error && !(thrown instanceof assert.AssertionError))
          }
        },
      ),
      { seed: 5 },
    )
    assert.equal(nodeName('n'), 'n')
  })
})
