import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedFaults, type FaultOptions } from './fault-options.ts'

describe('checkedFaults', () => {
  it('takes what makes sense', () => {
    const options: FaultOptions = {
      delay: { ratio: 0.5, ms: 0 },
      error: { ratio: 1, code: 'unavailable', message: 'down', retry: 'safe' },
      drop: { ratio: 0 },
    }
    assert.deepEqual(checkedFaults(options), options)
    assert.deepEqual(checkedFaults({}), { delay: undefined, error: undefined, drop: undefined })
  })

  it('refuses the rest, and names it', () => {
    for (const [options, message] of [
      [{ delay: { ratio: 1.1, ms: 1 } }, /^RangeError: delay\.ratio must be a number from 0 to 1, but is 1\.1$/],
      [{ delay: { ratio: 1, ms: Infinity } }, /^RangeError: delay\.ms must be/],
      [{ error: { ratio: -1, code: 'internal' } }, /^RangeError: error\.ratio must be/],
      [
        { error: { ratio: 1, code: 'down' as never } },
        /^TypeError: error\.code must be one of canceled, .*, but is down$/,
      ],
      [
        { error: { ratio: 1, code: 'internal', retry: 'maybe' as never } },
        /^TypeError: error\.retry must be one of never, safe, if_idempotent, but is maybe$/,
      ],
      [{ drop: { ratio: '1' as never } }, /^TypeError: drop\.ratio must be/],
    ] satisfies [FaultOptions, RegExp][])
      assert.throws(() => checkedFaults(options), message)
  })
})
