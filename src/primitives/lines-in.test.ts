import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linesIn } from './lines-in.ts'

describe('linesIn', () => {
  it('counts line feeds', () => {
    assert.deepEqual(['', 'a', 'a\n', 'a\nb', '\n\n', 'a\nb\n'].map(linesIn), [0, 0, 1, 1, 2, 2])
  })
})
