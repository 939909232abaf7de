import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSlice } from './endpoint-slice.ts'

describe('isSlice', () => {
  it('knows what has the members of one, with endpoints and ports or without', () => {
    const slice = { metadata: { name: 'a' }, addressType: 'IPv4' }
    for (const more of [{}, { endpoints: null, ports: null }, { endpoints: [], ports: [] }])
      assert.ok(isSlice({ ...slice, ...more }))
    const others = [
      null,
      undefined,
      7,
      'a',
      {},
      { metadata: null },
      { ...slice, metadata: {} },
      { metadata: { name: 'a' } },
    ]
    for (const other of [...others, { ...slice, endpoints: {} }, { ...slice, ports: 'http' }])
      assert.ok(!isSlice(other))
  })
})
