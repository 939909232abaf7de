// Tests of runtime.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runtime } from './runtime.ts'

describe('runtime', () => {
  it('is what runs this', () => {
    assert.deepEqual(runtime(), {
      name: 'nodejs',
      version: process.versions.node,
      engine: `v8 ${process.versions.v8}`,
    })
  })

  it('tells those apart that have the versions of Node too', () => {
    const versions = { node: '26.3.0', v8: '14.6' }
    assert.deepEqual(runtime({ ...versions, deno: '2.9.6' }), { name: 'deno', version: '2.9.6', engine: 'v8 14.6' })
    assert.deepEqual(runtime({ ...versions, bun: '1.4.5', webkit: 'd6375c7' }), {
      name: 'bun',
      version: '1.4.5',
      engine: 'jsc d6375c7',
    })
    assert.equal(runtime({ ...versions, bun: '1.4.5' }).engine, 'jsc')
  })
})
