// Tests of readers.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Readers } from './readers.ts'

describe('Readers', () => {
  it('calls all in their order, also behind one that throws', (t) => {
    const surfaced: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (task: () => void) => surfaced.push(task))
    const readers = new Readers()
    const called: string[] = []
    readers.add(() => called.push('a'))
    readers.add(() => {
      throw new Error('no')
    })
    readers.add(() => called.push('b'))
    readers.call()
    assert.deepEqual([called, surfaced.length], [['a', 'b'], 1])
  })

  it('calls one that was added twice until it is disposed twice', () => {
    const readers = new Readers()
    let calls = 0
    const read = () => void calls++
    const [first, second] = [readers.add(read), readers.add(read)]
    readers.call()
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    readers.call()
    second[Symbol.dispose]()
    readers.call()
    assert.equal(calls, 3)
  })
})
