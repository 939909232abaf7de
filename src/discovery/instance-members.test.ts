import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceMembers } from './instance-members.ts'

describe('instanceMembers', () => {
  it('has what is there, in one order', () => {
    const members = { weight: 2, address: 'a:1', zone: undefined, id: 'a' }
    assert.equal(JSON.stringify(instanceMembers(members)), '{"id":"a","address":"a:1","weight":2}')
    assert.deepEqual(Object.keys(instanceMembers(members)), ['id', 'address', 'weight'])
  })

  it('leaves out what others have beside it', () => {
    assert.deepEqual(instanceMembers({ address: 'a:1', port: 1, constructor: 1 } as object), { address: 'a:1' })
  })
})
