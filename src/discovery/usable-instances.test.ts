import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { usableInstances } from './usable-instances.ts'

describe('usableInstances', () => {
  const from = (...addresses: string[]) =>
    usableInstances(addresses, (address) => ({ id: address, address }), 'instances of add').map(({ id }) => id)

  it('leaves out what is no instance', () => {
    assert.deepEqual(from('a:1', 'b', 'c:3'), ['a:1', 'c:3'])
  })

  it('has none where there are none', () => {
    assert.deepEqual(from(), [])
  })

  it('says what is wrong where nothing else is there', () => {
    assert.throws(() => from('a', 'b'), /^Error: none of 2 instances of add can be called: address must be host:port/)
  })
})
