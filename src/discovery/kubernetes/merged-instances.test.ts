import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KnownSlice } from './known-slice.ts'
import { mergedInstances } from './merged-instances.ts'

const slice = (...found: readonly (readonly [id: string, address: string, rank?: number])[]): KnownSlice => ({
  instances: found.map(([id, address, rank = 0]) => ({ instance: { id, address }, rank })),
  lease: undefined,
  flaw: undefined,
})
const flawed: KnownSlice = { instances: [], lease: undefined, flaw: new Error('no endpoint listens on 81') }
const merged = (...slices: readonly KnownSlice[]) => mergedInstances(slices).map(({ address }) => address)

describe('mergedInstances', () => {
  it('has all of all slices', () => {
    assert.deepEqual(merged(slice(['a', 'a:1']), slice(), slice(['b', 'b:1'], ['c', 'c:1'])), ['a:1', 'b:1', 'c:1'])
    assert.deepEqual(merged(), [])
  })

  it('has a process once that is found twice: from the better place, and of equal ones always from the same', () => {
    const [v4, v6] = [slice(['a', '10.0.0.1:80', 0]), slice(['a', '[fd00::1]:80', 1])]
    assert.deepEqual([merged(v4, v6), merged(v6, v4)], [['10.0.0.1:80'], ['10.0.0.1:80']])
    const [one, other] = [slice(['a', '10.0.0.1:80']), slice(['a', '10.0.0.2:80'])]
    assert.deepEqual([merged(one, other), merged(other, one)], [['10.0.0.1:80'], ['10.0.0.1:80']])
  })

  it('leaves out what is flawed, unless there is nothing else', () => {
    assert.deepEqual(merged(flawed, slice(['a', 'a:1'])), ['a:1'])
    assert.throws(() => merged(slice(), flawed), {
      code: 'failed_precondition',
      message: 'no endpoint can be called: no endpoint listens on 81',
    })
  })
})
