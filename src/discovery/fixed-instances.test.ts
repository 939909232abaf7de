import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fixedInstances } from './fixed-instances.ts'
import { instanceAt } from './instance.ts'

describe('fixedInstances', () => {
  it('says once who there is, and ends when it is stopped', async () => {
    const instances = [instanceAt('a:1')]
    const stopping = new AbortController()
    const source = fixedInstances(instances)(stopping.signal)[Symbol.asyncIterator]()
    assert.deepEqual(await source.next(), { done: false, value: instances })
    const next = source.next()
    stopping.abort()
    assert.deepEqual(await next, { done: true, value: undefined })
  })

  it('ends at once when it was stopped before it waits', { timeout: 1_000 }, async () => {
    const stopping = new AbortController()
    const source = fixedInstances([])(stopping.signal)[Symbol.asyncIterator]()
    await source.next()
    stopping.abort()
    assert.equal((await source.next()).done, true)
  })
})
