// Tests of line-format.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { line } from './line-format.ts'

describe('line', () => {
  it('says how many bytes more than characters there are', () => {
    assert.deepEqual(line('hits:', '|c\n'), { before: 'hits:', after: '|c\n', extraBytes: 0 })
    assert.equal(line('hits:', '|c|#a:é\n').extraBytes, 1)
    assert.equal(line('é,a=語🚀:', '|c\n').extraBytes, 1 + 2 + 2)
  })
})
