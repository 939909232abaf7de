// Tests of line-keys.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lineKeys } from './line-keys.ts'

describe('lineKeys', () => {
  it('has the usual keys unless it is told others', () => {
    assert.deepEqual(lineKeys(undefined), { time: 'ts', level: 'level', message: 'msg' })
    assert.deepEqual(lineKeys({ timeKey: undefined, messageKey: 'text' }), {
      time: 'ts',
      level: 'level',
      message: 'text',
    })
  })

  it('leaves out the time and the level', () => {
    assert.deepEqual(lineKeys({ timeKey: false, levelKey: false }), {
      time: undefined,
      level: undefined,
      message: 'msg',
    })
  })

  it('refuses keys that are empty, no texts, or there twice, and says which', () => {
    const refusal = (options: object) => {
      try {
        lineKeys(options)
      } catch (error) {
        assert.ok(error instanceof TypeError)
        return error.message
      }
      return assert.fail('it was taken')
    }
    assert.equal(refusal({ timeKey: '' }), "timeKey must be a text that is not empty, or false, but is ''")
    assert.equal(refusal({ levelKey: true }), 'levelKey must be a text that is not empty, or false, but is a boolean')
    assert.equal(refusal({ messageKey: false }), 'messageKey must be a text that is not empty, but is a boolean')
    assert.equal(refusal({ messageKey: 'ts' }), 'timeKey, levelKey and messageKey must differ, but are ts, level, ts')
  })
})
