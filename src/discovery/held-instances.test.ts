import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeldInstances } from './held-instances.ts'
import { instanceAt } from './instance.ts'

const [a, b, c] = [instanceAt('a:1'), instanceAt('b:1'), instanceAt('c:1')]

describe('HeldInstances', () => {
  it('adds nothing while nobody is held', () => {
    const named = [a, b]
    assert.equal(new HeldInstances().with(named), named)
  })

  it('keeps who is not named, in order, until it is', () => {
    const held = new HeldInstances()
    held.hold([a, b, c])
    assert.deepEqual(held.with([b]), [a, b, c])
    assert.deepEqual(held.with([]), [a, c])
    assert.deepEqual(held.with([a, c]), [a, c])
    assert.ok(held.isEmpty)
    assert.deepEqual(held.with([]), [])
  })

  it('lets go of one whose address is that of another now', () => {
    const held = new HeldInstances()
    held.hold([a, b])
    const moved = { id: 'new', address: 'a:1' }
    assert.deepEqual(held.with([moved]), [b, moved])
  })

  it('lets go of all', () => {
    const held = new HeldInstances()
    held.hold([a])
    held.release()
    assert.deepEqual(held.with([b]), [b])
  })
})
