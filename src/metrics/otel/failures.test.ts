// Tests of failures.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failures } from './failures.ts'

describe('failures', () => {
  it('are counted, and the last one is known', () => {
    const failures = new Failures()
    assert.deepEqual([failures.count, failures.last, failures.made(() => 7)], [0, undefined, 7])
    const error = new Error('broken')
    failures.add('first')
    const made = failures.made(() => {
      throw error
    })
    assert.deepEqual([failures.count, failures.last, made], [2, error, undefined])
  })
})
