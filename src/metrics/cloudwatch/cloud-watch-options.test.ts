import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOptions } from './cloud-watch-options.ts'

const client = { send: async () => {} }

describe('checkOptions', () => {
  it('has defaults', () => {
    assert.deepEqual(checkOptions({ client, namespace: 'shop/orders' }), { timeoutMs: 10_000, maxPendingData: 20_000 })
  })

  it('refuses what makes no sense, by its name', () => {
    const refuse = (options: object, said: RegExp) =>
      assert.throws(() => checkOptions({ client, namespace: 'shop', ...options }), said)
    refuse({ client: {} }, /^TypeError: client must be a CloudWatchClient/)
    for (const namespace of ['', 'AWS/EC2', 'a b', 'ü', 'x'.repeat(256), 7])
      refuse({ namespace }, /^TypeError: namespace must be 1 to 255 letters/)
    refuse(
      { distributions: 'sketches' },
      /^TypeError: distributions must be one of values, statistics, but is "sketches"/,
    )
    refuse({ timeoutMs: 0 }, /^RangeError: timeoutMs must be a number from 1 /)
    refuse({ maxPendingData: 10 }, /^RangeError: maxPendingData must be an integer from 1000 /)
  })
})
