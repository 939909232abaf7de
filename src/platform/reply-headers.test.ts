// Tests of reply-headers.ts: one value or several, and nothing that was not sent.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReplyHeaders } from './reply-headers.ts'

describe('the headers of a reply', () => {
  const headers = new ReplyHeaders({ 'content-type': 'text/plain', via: ['a', 'b'], constructor: undefined })

  it('are found by lower-case name, joined when there are several', () => {
    assert.equal(headers.get('content-type'), 'text/plain')
    assert.equal(headers.get('via'), 'a, b')
  })

  it('are only those that were sent', () => {
    for (const name of ['accept', '__proto__', 'toString', 'constructor']) {
      assert.equal(headers.get(name), undefined)
      assert.equal(new ReplyHeaders({}).get(name), undefined)
    }
  })

  it('are listed one by one', () => {
    assert.deepEqual(
      [...headers],
      [
        ['content-type', 'text/plain'],
        ['via', 'a'],
        ['via', 'b'],
      ],
    )
  })
})
