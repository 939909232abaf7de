// Tests of error-line.ts. What the line says is proved with the walk, which writes it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ErrorLine, errorLine } from './error-line.ts'

describe('errorLine', () => {
  it('keeps whatever was thrown, but undefined', () => {
    const line = errorLine(null)
    assert.ok(line instanceof ErrorLine)
    assert.equal(line.thrown, null)
    assert.equal(errorLine(undefined), undefined)
  })
})
