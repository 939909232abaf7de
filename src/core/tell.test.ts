// Tests of tell.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tell } from './tell.ts'

describe('tell', () => {
  it('tells a listener, and nobody when there is none', () => {
    const heard: number[] = []
    tell((event: number) => heard.push(event), 7)
    tell(undefined, 8)
    assert.deepEqual(heard, [7])
  })

  it('lets what a listener throws surface later, as an uncaught error', (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    tell(() => {
      throw new Error('mine')
    }, undefined)
    assert.equal(later.length, 1)
    assert.throws(() => later[0]?.(), { message: 'mine' })
  })
})
