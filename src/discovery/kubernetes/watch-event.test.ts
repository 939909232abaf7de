import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { watchEvent } from './watch-event.ts'

const read = (line: unknown) =>
  watchEvent(new TextEncoder().encode(typeof line === 'string' ? line : JSON.stringify(line)), 'orders in kubernetes')
const slice = { metadata: { name: 'a', resourceVersion: '7' }, addressType: 'IPv4' }

describe('watchEvent', () => {
  it('reads what is there, what is gone, and how far all was told', () => {
    for (const type of ['ADDED', 'MODIFIED'])
      assert.deepEqual(read({ type, object: slice }), { kind: 'there', slice, resourceVersion: '7' })
    assert.deepEqual(read({ type: 'DELETED', object: slice }), { kind: 'gone', slice, resourceVersion: '7' })
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' }, endpoints: null } }
    assert.deepEqual(read(bookmark), { kind: 'bookmark', resourceVersion: '9' })
  })

  it('knows a version that is too old from other errors', () => {
    assert.deepEqual(read({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }), {
      kind: 'expired',
    })
    assert.throws(() => read({ type: 'ERROR', object: { code: 500, message: 'etcd is gone' } }), {
      code: 'unavailable',
      message: 'orders in kubernetes ended a watch with 500: etcd is gone',
    })
    assert.throws(() => read({ type: 'ERROR' }), /ended a watch with undefined/)
  })

  it('takes nothing else', () => {
    const { metadata, addressType } = slice
    const bad = [
      '<html>',
      '',
      'null',
      '7',
      {},
      { type: 'ADDED' },
      { type: 'ADDED', object: null },
      { type: 'ADDED', object: { metadata } },
      { type: 'ADDED', object: { metadata: { name: 'a' }, addressType } },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '' } } },
      { type: 'RENAMED', object: slice },
      { type: 'toString', object: slice },
    ]
    for (const line of bad)
      assert.throws(() => read(line), { code: 'internal', message: /sent a watch event that makes no sense/ })
  })
})
