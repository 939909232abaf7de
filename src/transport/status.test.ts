// Tests of status.ts: the tables against the documents they come from, and the way back.
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

  it('gives each code the HTTP status that google.rpc.Code documents, and canceled nginx’s', () => {
    assert.deepEqual(
      all.map((code) => statuses[code].http),
      [499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401],
    )
  })

  it('gives each code a JSON-RPC code of its own, the standard’s or one that it leaves to servers', () => {
    const values = all.map((code) => statuses[code].jsonRpc)
    assert.equal(new Set(values).size, all.length)
    const own: Partial<Record<Code, number>> = { invalid_argument: -32602, unimplemented: -32601, internal: -32603 }
    for (const code of all) {
      const { jsonRpc } = statuses[code]
      if (code in own) assert.equal(jsonRpc, own[code])
      else assert.ok(jsonRpc <= -32000 && jsonRpc >= -32099, `${code} ${jsonRpc}`)
    }
  })

  it('gives each code a type of TApplicationException', () => {
    const known: Partial<Record<Code, number>> = { unimplemented: 1, internal: 6, invalid_argument: 7 }
    for (const code of all) assert.equal(statuses[code].thrift, known[code] ?? 0, code)
  })
})

describe('codeOfHttp', () => {
  it('says what the status of a foreign error means', () => {
    const table: [number, Code][] = [
      [400, 'invalid_argument'],
      [401, 'unauthenticated'],
      [403, 'permission_denied'],
      [404, 'not_found'],
      [405, 'unimplemented'],
      [408, 'deadline_exceeded'],
      [409, 'aborted'],
      [412, 'failed_precondition'],
      [413, 'invalid_argument'],
      [415, 'invalid_argument'],
      [416, 'out_of_range'],
      [422, 'invalid_argument'],
      [425, 'unavailable'],
      [429, 'resource_exhausted'],
      [499, 'canceled'],
      [500, 'internal'],
      [501, 'unimplemented'],
      [502, 'unavailable'],
      [503, 'unavailable'],
      [504, 'deadline_exceeded'],
    ]
    for (const [status, code] of table) assert.equal(codeOfHttp(status), code, String(status))
  })

  it('takes every other 4xx for the caller’s fault, and anything else for unknown', () => {
    for (const status of [402, 406, 418, 451, 498]) assert.equal(codeOfHttp(status), 'invalid_argument')
    for (const status of [0, 100, 200, 302, 399, 505, 599, 600, -1, Number.NaN])
      assert.equal(codeOfHttp(status), 'unknown')
  })

  it('gives back a code that has the status it was sent for', () => {
    for (const code of all) assert.equal(statuses[codeOfHttp(statuses[code].http)].http, statuses[code].http)
  })
})
