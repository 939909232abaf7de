// Tests of write-failure.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryDelayMs, writeFailure } from './write-failure.ts'

describe('writeFailure', () => {
  it('tells a full pipe from a broken disk and from a reader who has left', () => {
    const codes = ['EAGAIN', 'EINTR', 'ENOSPC', 'EIO', 'EDQUOT', 'EPIPE', 'EBADF', undefined]
    assert.deepEqual(codes.map(writeFailure), [
      'full',
      'full',
      'broken',
      'broken',
      'broken',
      'final',
      'final',
      'broken',
    ])
  })
})

describe('retryDelayMs', () => {
  it('grows from 1 ms to 100 ms for what is full, and from 100 ms to 5 s for what is broken', () => {
    const tries = [0, 1, 6, 7, 1_000]
    assert.deepEqual(
      tries.map((one) => retryDelayMs('full', one)),
      [1, 2, 64, 100, 100],
    )
    assert.deepEqual(
      tries.map((one) => retryDelayMs('broken', one)),
      [100, 200, 5_000, 5_000, 5_000],
    )
  })
})
