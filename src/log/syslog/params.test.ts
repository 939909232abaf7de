// Tests of params.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BoundFields } from '../log-record.ts'
import { LoggedError } from '../log-value.ts'
import { Params } from './params.ts'

const record = { at: 0, level: 'info', message: 'm', bound: undefined, fields: undefined } as const

describe('parameters of structured data', () => {
  it('are all fields of a record, those that were bound first', () => {
    const bound = new BoundFields(new BoundFields(undefined, { service: 'orders', none: undefined }), { shard: 7 })
    const fields = {
      items: [1, 'a"b'],
      error: new LoggedError('failed: refused', {}),
      ok: null,
      bytes: new Uint8Array([104, 105]),
    }
    const params = new Params()
    const expected =
      ' service="orders" shard="7" items="[1,\\"a\\\\\\"b\\"\\]" error="failed: refused" ok="null" bytes="hi"'
    assert.equal(params.of({ ...record, bound, fields }), expected)
    assert.equal(params.of({ ...record, bound }), ' service="orders" shard="7"')
    assert.equal(params.of(record), '')
  })

  it('of what was bound are rendered once', () => {
    let reads = 0
    const fields = Object.defineProperty({}, 'a', { enumerable: true, get: () => ++reads })
    const bound = new BoundFields(undefined, fields)
    const params = new Params()
    for (const _ of [1, 2, 3]) assert.equal(params.of({ ...record, bound }), ' a="1"')
    assert.equal(reads, 1)
  })
})
