import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeQuery, query } from './query.ts'

describe('encodeQuery', () => {
  it('writes the octets that RFC 1035 asks for', () => {
    const bytes = encodeQuery({ name: '_a.b', type: 'SRV', id: 0x1234, isExtended: false })
    assert.equal(Buffer.from(bytes).toString('hex'), '123401000001000000000000025f6101620000210001')
  })

  it('says how long datagrams may be, as RFC 6891 has it', () => {
    const bytes = encodeQuery({ name: 'b', type: 'A', id: 1, isExtended: true })
    assert.equal(bytes[11], 1)
    assert.equal(Buffer.from(bytes).toString('hex').slice(-22), '00002904d0000000000000')
  })
})

describe('query', () => {
  it('has an id that nobody can guess', () => {
    const ids = Array.from({ length: 1_000 }, () => query('a', 'A', true).id)
    assert.ok(new Set(ids).size > 900)
    assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id <= 0xffff))
  })
})
