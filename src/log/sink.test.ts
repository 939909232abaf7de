// Tests of sink.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSink, type Sink } from './sink.ts'

describe('checkSink', () => {
  it('gives a sink back', () => {
    const sink: Sink = { write() {} }
    assert.equal(checkSink(sink), sink)
  })

  it('refuses all else', () => {
    for (const other of [undefined, null, 'stdout', {}, { write: true }, () => {}])
      assert.throws(() => checkSink(other as unknown as Sink), {
        name: 'TypeError',
        message: 'a sink must be an object with a method write(record)',
      })
  })
})
