import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedConsul } from './connection.ts'

describe('checkedConsul', () => {
  it('has the agent of this host as its default', () => {
    const { urls, name } = checkedConsul({})
    assert.deepEqual([urls, name], [['http://127.0.0.1:8500'], 'consul at http://127.0.0.1:8500'])
  })

  it('carries the token as Consul wants it', () => {
    assert.deepEqual(checkedConsul({ token: 'sesame' }).authorization('sesame'), { 'x-consul-token': 'sesame' })
  })
})
