import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Endpointer } from './endpointer.ts'
import { endpointerOf, explainable } from './explainable.ts'

it('knows the endpointer of a client, and of no other', () => {
  const client = {}
  const endpointer = {} as Endpointer<unknown>
  assert.equal(explainable(client, endpointer), client)
  assert.equal(endpointerOf(client), endpointer)
  assert.equal(endpointerOf({}), undefined)
})
