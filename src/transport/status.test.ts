// Tests of status.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, codes } from '../core/codes.ts'
import { codeOfGrpc, codeOfHttp, statuses } from './status.ts'

const all = Object.keys(codes) as Code[]

describe('statuses', () => {
  it('gives each code the number that gRPC gives it, and back', () => {
    // grpc/doc/statuscodes.md, from 1 to 16.
    const names =
      'canceled unknown invalid_argument deadline_exceeded not_found already_exists permission_denied resource_exhausted failed_precondition aborted out_of_range unimplemented internal unavailable data_loss unauthenticated'
    assert.deepEqual(
      names.split(' ').map((code) => statuses[code as Code].grpc),
      Array.from({ length: 16 }, (_, i) => i + 1),
    )
    for (const code of all) assert.equal(codeOfGrpc(statuses[code].grpc), code)
    for (const status of [0, 17, -1, 1.5, Number.NaN]) assert.equal(codeOfGrpc(status), 'unknown')
  })

  it('gives each code an HTTP status of an error', () => {
    for (const code of all) assert.ok(statuses[code].http >= 400 && statuses[code].http <= 599, code)
  })

  it('gives each code a JSON-RPC code of its own, the standard’s or one that it leaves to servers', () => {
    const values = all.map((code) => statuses[code].jsonRpc)
    assert.equal(new Set(values).size, all.length)
    for (const value of values) {
      assert.ok([-32601, -32602, -32603].includes(value) || (value <= -32000 && value >= -32099), String(value))
    }
  })
})

describe('codeOfHttp', () => {
  it('says what the status of a foreign error means', () => {
    const table: [number, Code][] = [
      [400, 'invalid_argument'],
      [401, 'unauthenticated'],
      [403, 'permission_denied'],
      [404, 'not_found'],
      [408, 'deadline_exceeded'],
      [409, 'aborted'],
      [418, 'invalid_argument'],
      [429, 'resource_exhausted'],
      [499, 'canceled'],
      [500, 'internal'],
      [502, 'unavailable'],
      [503, 'unavailable'],
      [504, 'deadline_exceeded'],
      [599, 'unknown'],
      [302, 'unknown'],
    ]
    for (const [status, code] of table) assert.equal(codeOfHttp(status), code, String(status))
  })
})
