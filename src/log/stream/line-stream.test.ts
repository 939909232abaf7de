// Tests of line-stream.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { checkBoolean, checkedStreamOptions, type StreamOptions } from './line-stream.ts'

describe('checkedStreamOptions', () => {
  it('puts defaults where nothing was given', () => {
    const defaults = { maxPendingBytes: 4_194_304, flushTimeoutMs: 5_000, flushOnExit: false, clock: systemClock }
    assert.deepEqual(checkedStreamOptions(), defaults)
    assert.deepEqual(
      checkedStreamOptions({ maxPendingBytes: undefined, flushTimeoutMs: undefined, clock: undefined }),
      defaults,
    )
  })

  it('refuses what makes no sense, by name', () => {
    const refused: readonly [StreamOptions, RegExp][] = [
      [{ maxPendingBytes: 1_023 }, /^RangeError: maxPendingBytes must be an integer from 1024 to/],
      [{ maxPendingBytes: Infinity }, /^RangeError: maxPendingBytes/],
      [{ flushTimeoutMs: -1 }, /^RangeError: flushTimeoutMs/],
      [{ flushTimeoutMs: Number.NaN }, /^RangeError: flushTimeoutMs/],
      [{ flushOnExit: 'yes' as unknown as boolean }, /^TypeError: flushOnExit must be true or false/],
      [{ sync: 1 as unknown as boolean }, /^TypeError: sync must be true or false/],
    ]
    for (const [options, message] of refused) assert.throws(() => checkedStreamOptions(options), message)
  })
})

describe('checkBoolean', () => {
  it('takes true and false, and nothing else', () => {
    checkBoolean('it', true)
    checkBoolean('it', false)
    assert.throws(() => checkBoolean('it', null as unknown as boolean), /^TypeError: it must be true or false/)
  })
})
