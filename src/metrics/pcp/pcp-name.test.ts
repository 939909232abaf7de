// Tests of pcp-name.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pcpName } from './pcp-name.ts'

describe('pcpName', () => {
  it('leaves good names alone, and makes good ones of others', () => {
    for (const [name, expected] of [
      ['rpc.server.calls', 'rpc.server.calls'],
      ['shop_orders_total', 'shop_orders_total'],
      ['jvm:gc.time', 'jvm_gc.time'],
      ['_private.9lives', 'x_private.x9lives'],
      [':a', 'x_a'],
    ] as const)
      assert.equal(pcpName(name), expected)
  })
})
