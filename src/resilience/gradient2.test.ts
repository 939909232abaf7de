// Tests of gradient2.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Gradient2Options, gradient2 } from './gradient2.ts'
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.ts'

const windowMs = 100
const sample: LimitSample = { at: 0, durationMs: 10, count: 100, inFlight: 20, dropped: false, limit: 20 }

/** Windows before a server that shares its capacity: with more calls in flight each takes longer. Gives the limit after them. */
function server(algorithm: LimitAlgorithm, baseMs = 10) {
  let limit = 5
  let at = 0
  return (windows: number, capacity: number, demand = Infinity) => {
    for (let i = 0; i < windows; i++) {
      at += windowMs
      const inFlight = Math.min(Math.floor(limit), demand)
      const durationMs = baseMs * Math.max(1, inFlight / capacity)
      limit = Math.max(1, algorithm.update({ ...sample, at, durationMs, inFlight, limit }))
    }
    return limit
  }
}

describe('gradient2', () => {
  it('grows by its queue size, smoothed, while latency is good', () => {
    assert.equal(gradient2().update(sample), 20 + 0.2 * 4)
    assert.equal(gradient2({ queueSize: 10, smoothingRatio: 1 }).update(sample), 30)
  })

  it('grows no limit that is less than half used', () => {
    assert.equal(gradient2().update({ ...sample, inFlight: 9 }), 20)
  })

  it('shrinks with the ratio of latencies, by half at most', () => {
    const algorithm = gradient2({ tolerance: 1, smoothingRatio: 1, queueSize: 1, baselineMs: 1e9 })
    for (let at = 0; at < 20; at++) algorithm.update({ ...sample, at })
    const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 0.01, `${actual}`)
    near(algorithm.update({ ...sample, at: 20, durationMs: 12.5 }), 0.8 * 20 + 1)
    near(algorithm.update({ ...sample, at: 21, durationMs: 1_000 }), 0.5 * 20 + 1)
  })

  it('tolerates latencies within its tolerance', () => {
    const algorithm = gradient2({ tolerance: 2 })
    for (let at = 0; at < 20; at++) algorithm.update({ ...sample, at })
    assert.equal(algorithm.update({ ...sample, at: 20, durationMs: 19 }), 20.8)
    assert.ok(algorithm.update({ ...sample, at: 21, durationMs: 30 }) < 20)
  })

  it('takes drops for the steepest gradient, however quick they were', () => {
    const algorithm = gradient2({ smoothingRatio: 1 })
    algorithm.update(sample)
    assert.equal(algorithm.update({ ...sample, dropped: true, inFlight: 1 }), 14)
  })

  it('finds the capacity, within its tolerance and its queue', () => {
    const exact = server(gradient2({ tolerance: 1 }))(400, 50)
    assert.ok(exact > 50 && exact < 56, `${exact}`)
    const tolerant = server(gradient2())(400, 50)
    assert.ok(tolerant > 70 && tolerant < 90, `${tolerant}`)
  })

  it('follows the capacity down, and up again', () => {
    const after = server(gradient2({ tolerance: 1 }))
    after(400, 50)
    const down = after(100, 20)
    assert.ok(down > 20 && down < 27, `${down}`)
    const up = after(100, 50)
    assert.ok(up > 50 && up < 60, `${up}`)
  })

  it('keeps its limit while there is little to do', () => {
    const after = server(gradient2({ tolerance: 1 }))
    const found = after(400, 50)
    assert.equal(after(1_000, 50, 5), found)
  })

  it('takes a latency that stays for the new baseline after some time', () => {
    const algorithm = gradient2({ tolerance: 1, baselineMs: 10_000 })
    for (let at = 0; at <= 2_000; at += 100) algorithm.update({ ...sample, at })
    let limit = 20
    for (let at = 2_100; at <= 3_000; at += 100) limit = algorithm.update({ ...sample, at, durationMs: 20, limit })
    assert.ok(limit < 18, `${limit}`)
    for (let at = 3_100; at <= 80_000; at += 100) {
      limit = algorithm.update({ ...sample, at, durationMs: 20, inFlight: limit, limit })
    }
    assert.ok(limit > 50, `${limit}`)
  })

  it('comes down to a good latency soon after a long bad one', () => {
    const algorithm = gradient2()
    for (let at = 0; at < 20; at++) algorithm.update({ ...sample, at, durationMs: 1_000 })
    for (let at = 20; at < 60; at++) algorithm.update({ ...sample, at, durationMs: 10 })
    assert.ok(Number(algorithm.snapshot()['baselineMs']) < 25)
  })

  it('makes something of calls that take no time', () => {
    assert.equal(gradient2().update({ ...sample, durationMs: 0 }), 20.8)
  })

  it('refuses options that make no sense', () => {
    const wrong = (options: Gradient2Options, message: RegExp) => assert.throws(() => gradient2(options), message)
    wrong({ queueSize: 0 }, /queueSize must be a number from 1 to 1000, but is 0/)
    wrong({ tolerance: 0.9 }, /tolerance must be a number from 1 to 10/)
    wrong({ smoothingRatio: 2 }, /smoothingRatio must be a number from 0.01 to 1/)
    wrong({ baselineMs: 1 }, /baselineMs must be a number from 1000 /)
  })
})
