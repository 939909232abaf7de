import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkClient } from './redis-client.ts'

describe('checkClient', () => {
  it('refuses what is no client', () => {
    for (const bad of [undefined, null, {}, 'redis://localhost'])
      assert.throws(() => checkClient(bad as never), /client must be one of redis, one of ioredis, or a function/)
  })
})
