// Tests of line-writer.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { consoleSink } from './console/sink.ts'
import { jsonSink } from './json/sink.ts'
import { checkWriter } from './line-writer.ts'
import { logfmtSink } from './logfmt/sink.ts'

describe('checkWriter', () => {
  it('gives back what takes lines', () => {
    assert.equal(checkWriter(process.stdout), process.stdout)
  })

  it('has every sink of text refuse what takes none, when it is made', () => {
    for (const sink of [logfmtSink, jsonSink, consoleSink])
      for (const wrong of [undefined, null, {}, 'stdout'])
        assert.throws(() => sink(wrong as never), /needs what takes its lines/)
  })
})
