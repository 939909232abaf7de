import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Leaving } from './leaving.ts'

describe('Leaving', () => {
  it('ends with the last that began to be closed, however that ends, and keeps nothing', async () => {
    const leaving = new Leaving()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    leaving.begin('add', 'one', first.promise)
    leaving.begin('add', 'one', second.promise)
    assert.equal(leaving.end('add', 'two'), undefined)
    const end = leaving.end('add', 'one')
    first.resolve()
    await first.promise
    assert.equal(leaving.end('add', 'one'), end)
    second.reject(new Error('no'))
    assert.equal(await end, undefined)
    assert.equal(leaving.end('add', 'one'), undefined)
  })
})
