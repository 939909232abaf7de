// Tests of socket-options.ts: the defaults, and what is refused.
import assert from 'node:assert/strict'
import { lookup } from 'node:dns'
import { describe, it } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { systemRandom } from '../primitives/random.ts'
import { checkedSocketOptions, type SocketOptions } from './socket-options.ts'

describe('the options of a socket', () => {
  it('have defaults', () => {
    assert.deepEqual(checkedSocketOptions({ tls: undefined, stallTimeoutMs: undefined }), {
      tls: undefined,
      secureContext: undefined,
      connectTimeoutMs: 5_000,
      stallTimeoutMs: 30_000,
      closeTimeoutMs: 1_000,
      lookupIntervalMs: 60_000,
      onError: undefined,
      lookup,
      clock: systemClock,
      random: systemRandom,
    })
  })

  it('are refused when they are out of range, with name, range and value', () => {
    const refused: readonly (readonly [SocketOptions, RegExp])[] = [
      [{ connectTimeoutMs: 0 }, /^connectTimeoutMs must be a number from 1 to Infinity, but is 0$/],
      [{ stallTimeoutMs: Number.NaN }, /^stallTimeoutMs must be a number from 1/],
      [{ closeTimeoutMs: -1 }, /^closeTimeoutMs must be a number from 0/],
      [{ lookupIntervalMs: '5' as never }, /^lookupIntervalMs must be a number/],
      [{ tls: { cert: 'x' } }, /^tls\.cert and tls\.key must be given together$/],
      [{ tls: { ca: 'x', cert: 'x', key: 'x' } }, /^tls\.ca, tls\.cert and tls\.key must be PEM/],
    ]
    for (const [options, message] of refused) assert.throws(() => checkedSocketOptions(options), { message })
  })
})
