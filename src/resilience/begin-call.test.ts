import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { beginCall } from './begin-call.ts'

describe('beginCall', () => {
  it('passes on what is promised, and makes a rejection of what is thrown', async () => {
    const ctx = rootContext()
    assert.equal(await beginCall(async (request: string) => `${request}!`, 'a', ctx), 'a!')
    const bug = new Error('a bug')
    const throwing = beginCall(
      () => {
        throw bug
      },
      'a',
      ctx,
    )
    await assert.rejects(throwing, bug)
  })
})
