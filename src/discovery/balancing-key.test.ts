import assert from 'node:assert/strict'
import { it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { balancingKey } from './balancing-key.ts'

it('is set for all calls that a handler makes, and stays in this process', () => {
  using root = rootContext()
  assert.equal(root.get(balancingKey), undefined)
  assert.equal(root.with(balancingKey, 'user 7').get(balancingKey), 'user 7')
  assert.equal(balancingKey.scope, 'request')
})
