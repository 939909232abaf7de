import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BreakerOptions, breakerSettings } from './breaker-settings.ts'

describe('breakerSettings', () => {
  it('has a default for everything', () => {
    assert.deepEqual(breakerSettings().limits, {
      consecutiveFailures: 5,
      consecutiveFailuresOfMany: 20,
      failureRatio: 0.5,
      minimumCalls: 20,
      windowMs: 10_000,
      windowCalls: undefined,
      slowMs: undefined,
      slowRatio: 0.8,
      openMs: 5_000,
      openMaxMs: 60_000,
      jitterRatio: 0.2,
      probes: 3,
      probeTimeoutMs: 10_000,
    })
  })

  it('fits the defaults to what was given', () => {
    assert.equal(breakerSettings({ windowCalls: 7 }).limits.minimumCalls, 7)
    assert.equal(breakerSettings({ windowCalls: 7 }).limits.windowMs, undefined)
    assert.equal(breakerSettings({ openMs: 90_000 }).limits.openMaxMs, 90_000)
    assert.equal(breakerSettings({ minimumCalls: Infinity }).limits.minimumCalls, undefined)
  })

  const wrong: readonly (readonly [BreakerOptions, RegExp])[] = [
    [{ consecutiveFailures: 0 }, /^RangeError: consecutiveFailures must be an integer from 1/],
    [{ failureRatio: 0 }, /^RangeError: failureRatio/],
    [{ failureRatio: 1.1 }, /^RangeError: failureRatio/],
    [{ minimumCalls: 0 }, /^RangeError: minimumCalls/],
    [{ windowMs: 1 }, /^RangeError: windowMs/],
    [{ windowCalls: 0.5 }, /^RangeError: windowCalls/],
    [{ slowMs: 0 }, /^RangeError: slowMs/],
    [{ slowRatio: 2 }, /^RangeError: slowRatio/],
    [{ openMs: Infinity }, /^RangeError: openMs/],
    [{ openMs: 100, openMaxMs: 50 }, /^RangeError: openMaxMs must be a number from 100/],
    [{ jitterRatio: -1 }, /^RangeError: jitterRatio/],
    [{ probes: 0 }, /^RangeError: probes/],
    [{ probeTimeoutMs: 0 }, /^RangeError: probeTimeoutMs/],
    [{ openMs: '5' as never }, /^TypeError: openMs/],
    [{ windowMs: 1_000, windowCalls: 10 }, /^TypeError: windowCalls and windowMs cannot both be given/],
    [{ minimumCalls: 20, windowCalls: 10 }, /^TypeError: minimumCalls \(20\) must not be above windowCalls \(10\)/],
  ]
  for (const [options, error] of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => breakerSettings(options), error)
    })
  }
})
