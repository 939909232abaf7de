import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { callWeight } from './call-weight.ts'

describe('callWeight', () => {
  it('is 1 unless a function says otherwise', () => {
    assert.equal(callWeight(undefined, 'a', rootContext()), 1)
    assert.equal(
      callWeight((request) => Number(request), 0.5, rootContext()),
      0.5,
    )
  })

  it('refuses what is no weight', () => {
    for (const bad of [-1, Number.NaN, Infinity])
      assert.throws(() => callWeight(() => bad, '', rootContext()), /weight must be a number from 0/)
    assert.throws(() => callWeight(() => '1' as never, '', rootContext()), TypeError)
  })
})
