// Tests of add-foreign-fields.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addForeignFields } from './add-foreign-fields.ts'

const shape = { taken: new Set(['level']), value: (value: unknown) => (value === null ? 'nothing' : value) }

describe('fields for a logger that is not ours', () => {
  it('are copied, without those that are undefined', () => {
    const fields = Object.freeze({ a: 1, b: undefined, c: null })
    const copy = { before: true }
    addForeignFields(copy, fields, shape)
    assert.deepEqual(copy, { before: true, a: 1, c: 'nothing' })
  })

  it('have other keys where theirs would be taken for something else', () => {
    const copy: Record<string, unknown> = {}
    const fields = JSON.parse(
      '{ "": 1, "level": 2, "constructor": 3, "hasOwnProperty": 4, "__proto__": 5, "Level": 6 }',
    )
    addForeignFields(copy, fields, shape)
    assert.deepEqual(Object.entries(copy), [
      ['_', 1],
      ['level_', 2],
      ['constructor_', 3],
      ['hasOwnProperty_', 4],
      ['__proto___', 5],
      ['Level', 6],
    ])
  })
})
