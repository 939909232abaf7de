import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from './context.ts'
import { TriedInstances, triedInstances } from './tried-instances.ts'

describe('TriedInstances', () => {
  it('knows what was added, once and in order', () => {
    const tried = new TriedInstances()
    for (const id of ['b', 'a', 'b']) tried.add(id)
    assert.deepEqual(tried.ids, ['b', 'a'])
    assert.equal(tried.has('a'), true)
    assert.equal(tried.has('c'), false)
  })

  it('is shared by whatever derives from the context it is bound to', () => {
    const ctx = rootContext().with(triedInstances, new TriedInstances())
    ctx.withTimeout(10).get(triedInstances)?.add('a')
    assert.equal(ctx.get(triedInstances)?.has('a'), true)
  })
})
