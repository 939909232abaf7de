// Tests of aimd.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AimdOptions, aimd } from './aimd.ts'
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.ts'

const sample: LimitSample = { at: 0, durationMs: 10, count: 100, inFlight: 20, dropped: false, limit: 20 }

/** The limits of so many windows before a server that drops calls as soon as more than its capacity are in flight. */
function limits(algorithm: LimitAlgorithm, capacity: number, windows: number, from: number): number[] {
  let limit = from
  return Array.from({ length: windows }, (_, at) => {
    const inFlight = Math.floor(limit)
    limit = Math.max(1, algorithm.update({ ...sample, at, inFlight, dropped: inFlight > capacity, limit }))
    return limit
  })
}

describe('aimd', () => {
  it('adds one to a limit that is half used, and nothing to one that is not', () => {
    assert.equal(aimd().update({ ...sample, inFlight: 10 }), 21)
    assert.equal(aimd().update({ ...sample, inFlight: 9 }), 20)
  })

  it('leaves a share of the limit after drops, and at least one less', () => {
    assert.equal(aimd().update({ ...sample, dropped: true }), 18)
    assert.equal(aimd().update({ ...sample, dropped: true, limit: 5 }), 4)
    assert.equal(aimd({ backoffRatio: 0.5 }).update({ ...sample, dropped: true, inFlight: 1 }), 10)
  })

  it('takes an average above its timeout for drops', () => {
    assert.equal(aimd({ timeoutMs: 10 }).update(sample), 21)
    assert.equal(aimd({ timeoutMs: 9 }).update(sample), 18)
  })

  it('swings just below the capacity, and follows it down and up again', () => {
    const algorithm = aimd()
    const between = (found: number[], low: number, high: number) =>
      assert.ok(
        found.every((limit) => limit >= low && limit <= high),
        found.join(' '),
      )
    between(limits(algorithm, 100, 300, 20).slice(100), 89, 102)
    between(limits(algorithm, 30, 300, 100).slice(20), 26, 32)
    between(limits(algorithm, 100, 300, 30).slice(80), 89, 102)
    const { backoffs } = algorithm.snapshot()
    assert.ok(Number(backoffs) > 10)
  })

  it('refuses options that make no sense', () => {
    const wrong = (options: AimdOptions, message: RegExp) => assert.throws(() => aimd(options), message)
    wrong({ backoffRatio: 1 }, /backoffRatio must be a number from 0.5 to 0.99, but is 1/)
    wrong({ timeoutMs: 0 }, /timeoutMs must be a number above 0/)
  })
})
