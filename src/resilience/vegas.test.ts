// Tests of vegas.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.ts'
import { type VegasOptions, vegas } from './vegas.ts'

const windowMs = 100
const sample: LimitSample = { at: 0, durationMs: 10, count: 100, inFlight: 20, dropped: false, limit: 20 }

/** Windows before a server that shares its capacity: with more calls in flight each takes longer. Gives all limits in them. */
function server(algorithm: LimitAlgorithm) {
  let limit = 5
  let at = 0
  return (windows: number, capacity: number, baseMs = 10) =>
    Array.from({ length: windows }, () => {
      at += windowMs
      const inFlight = Math.floor(limit)
      const durationMs = baseMs * Math.max(1, inFlight / capacity)
      limit = Math.max(1, algorithm.update({ ...sample, at, durationMs, inFlight, limit }))
      return limit
    })
}

/** One that has seen a latency of 10 ms. */
function learned(options?: VegasOptions): LimitAlgorithm {
  const algorithm = vegas({ random: () => 1, ...options })
  algorithm.update(sample)
  return algorithm
}

describe('vegas', () => {
  it('grows fast without a queue, slowly with a short one, and shrinks with a long one', () => {
    const at = (queued: number) => learned().update({ ...sample, durationMs: 10 / (1 - queued / 20) })
    assert.equal(at(0), 26)
    assert.equal(at(0.9), 26)
    assert.equal(at(1.9), 21)
    assert.equal(at(2.9), 20)
    assert.equal(at(5.9), 20)
    assert.equal(at(6.1), 19)
    assert.equal(at(15), 19)
  })

  it('takes larger steps with larger limits', () => {
    assert.equal(learned().update({ ...sample, limit: 500, inFlight: 500 }), 512)
    assert.equal(learned().update({ ...sample, limit: 500, inFlight: 500, durationMs: 100 }), 498)
  })

  it('grows no limit that is less than half used, and shrinks one whose calls are dropped', () => {
    assert.equal(learned().update({ ...sample, inFlight: 9 }), 20)
    assert.equal(learned().update({ ...sample, inFlight: 9, dropped: true }), 19)
  })

  it('finds the capacity and keeps a short queue', () => {
    const found = server(vegas({ random: () => 1 }))(250, 50).slice(50)
    assert.ok(
      found.every((limit) => limit > 50 && limit < 58),
      found.join(' '),
    )
  })

  it('follows the capacity down, and up again', () => {
    const after = server(vegas({ probeMs: 1e9 }))
    after(200, 50)
    const down = after(200, 20).at(-1) ?? 0
    assert.ok(down > 20 && down < 28, `${down}`)
    const up = after(50, 50).at(-1) ?? 0
    assert.ok(up > 50 && up < 58, `${up}`)
  })

  it('drains the queue for two windows to measure the latency without one', () => {
    const algorithm = learned({ probeMs: 1_000 })
    const busy = { ...sample, durationMs: 12 }
    assert.equal(algorithm.update({ ...busy, at: 999 }), 20)
    assert.equal(algorithm.update({ ...busy, at: 1_000 }), 10)
    assert.equal(algorithm.snapshot()['phase'], 'draining')
    // What began before has the old queue behind it.
    assert.equal(algorithm.update({ ...busy, at: 1_100, limit: 10, durationMs: 30 }), 10)
    assert.equal(algorithm.update({ ...busy, at: 1_200, limit: 10, inFlight: 10, durationMs: 11 }), 20)
    assert.deepEqual(algorithm.snapshot(), { phase: 'learning', queued: 4, leastMs: 11 })
  })

  it('drains nothing where less than half of the limit is used', () => {
    const algorithm = learned({ probeMs: 1_000 })
    assert.equal(algorithm.update({ ...sample, at: 1_000, inFlight: 5, durationMs: 11 }), 20)
    assert.deepEqual(algorithm.snapshot(), { phase: 'learning', queued: 0, leastMs: 11 })
  })

  it('finds its way back when the latency without a queue has doubled', () => {
    const after = server(vegas({ random: () => 1 }))
    after(200, 50)
    const low = after(60, 50, 20).at(-1) ?? 0
    assert.ok(low < 20, `${low}`)
    const back = after(600, 50, 20).at(-1) ?? 0
    assert.ok(back > 50 && back < 58, `${back}`)
  })

  it('does not creep up over many probes', () => {
    const found = server(vegas({ probeMs: 2_000 }))(5_000, 50).slice(100)
    assert.ok(Math.max(...found) < 65, `${Math.max(...found)}`)
    assert.ok(found.filter((limit) => limit < 45).length < found.length / 5)
  })

  it('makes something of calls that take no time', () => {
    assert.equal(vegas().update({ ...sample, durationMs: 0 }), 26)
  })

  it('refuses options that make no sense', () => {
    const wrong = (options: VegasOptions, message: RegExp) => assert.throws(() => vegas(options), message)
    wrong({ alpha: 0 }, /alpha must be a number from 1 to 1000, but is 0/)
    wrong({ beta: 2 }, /beta must be a number from 3 to 1000, but is 2/)
    wrong({ probeMs: 10 }, /probeMs must be a number from 1000 /)
  })
})
