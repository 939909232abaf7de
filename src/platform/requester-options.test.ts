// Tests of requester-options.ts: the defaults, and what is refused.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedRequesterOptions, type RequesterOptions } from './requester-options.ts'

describe('the options of a requester', () => {
  it('have defaults', () => {
    const { clock, given, ...options } = checkedRequesterOptions()
    assert.deepEqual(options, {
      maxConnections: 256,
      connectTimeoutMs: 2_000,
      headersTimeoutMs: Infinity,
      keepAliveMs: 4_000,
      maxConnectionAgeMs: 300_000,
      maxReplyBytes: 4_194_304,
      tls: undefined,
      socketPath: undefined,
    })
    assert.deepEqual([typeof clock.now(), given], ['number', {}])
  })

  it('may be undefined, which is as if they had not been given', () => {
    const { given: _, ...options } = checkedRequesterOptions({ keepAliveMs: undefined, tls: undefined })
    const { given: __, ...defaults } = checkedRequesterOptions()
    assert.deepEqual(options, defaults)
  })

  it('are refused when they are out of range, with name, range and value', () => {
    const refused: readonly (readonly [RequesterOptions, RegExp])[] = [
      [{ maxConnections: 0 }, /^maxConnections must be an integer from 1 to Infinity, but is 0$/],
      [{ maxConnections: 1.5 }, /^maxConnections must be an integer/],
      [{ connectTimeoutMs: 0 }, /^connectTimeoutMs must be a number from 1/],
      [{ headersTimeoutMs: Number.NaN }, /^headersTimeoutMs must be a number from 1/],
      [{ keepAliveMs: 600_001 }, /^keepAliveMs must be a number from 1 to 600000, but is 600001$/],
      [{ maxConnectionAgeMs: -1 }, /^maxConnectionAgeMs must be a number from 1/],
      [{ maxReplyBytes: -1 }, /^maxReplyBytes must be an integer from 0/],
      [{ connectTimeoutMs: '5' as never }, /^connectTimeoutMs must be a number/],
      [{ socketPath: '' }, /^socketPath must be the path of a Unix socket$/],
      [{ tls: { cert: 'x' } }, /^tls\.cert and tls\.key must be given together$/],
      [{ tls: { serverName: 5 as never } }, /^tls\.serverName must be a string$/],
      [{ tls: { rejectUnauthorized: 0 as never } }, /^tls\.rejectUnauthorized must be a boolean$/],
    ]
    for (const [options, message] of refused) assert.throws(() => checkedRequesterOptions(options), { message })
  })
})
