import assert from 'node:assert/strict'
import { it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { triedIn } from './balancer.ts'

it('knows what a call has been sent to once that is something', () => {
  using root = rootContext()
  assert.equal(triedIn(root), undefined)
  const tried = new TriedInstances()
  const ctx = root.with(triedInstances, tried)
  assert.equal(triedIn(ctx), undefined)
  tried.add('a')
  assert.equal(triedIn(ctx), tried)
})
