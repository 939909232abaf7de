import assert from 'node:assert/strict'
import { it } from 'node:test'
import { callContext, rootContext } from '../core/context.ts'
import { noMethod } from '../core/method.ts'
import { balancingKey } from './balancing-key.ts'

it('is of one call, and not of those that are made to serve it', () => {
  using root = rootContext()
  assert.equal(root.get(balancingKey), undefined)
  const ctx = root.with(balancingKey, 'customer 5')
  assert.equal(ctx.get(balancingKey), 'customer 5')
  assert.equal(callContext(ctx, noMethod, Infinity).get(balancingKey), undefined)
})
