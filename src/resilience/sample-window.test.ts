// Tests of sample-window.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../primitives/random.ts'
import { SampleWindow, type SampleWindowOptions } from './sample-window.ts'

/** Adds a call a millisecond from a moment on, until the window closes. */
function fill(window: SampleWindow, from: number, durations: readonly number[], droppedEvery = Infinity) {
  for (let i = 0; i < 10_000; i++) {
    const dropped = (i + 1) % droppedEvery === 0
    const sample = window.add(from + i, durations[i % durations.length] ?? 0, (i % 7) + 1, dropped)
    if (sample !== undefined) return sample
  }
  return undefined
}

describe('SampleWindow', () => {
  it('averages the calls of a window', () => {
    const window = new SampleWindow({ windowMs: 100 })
    assert.deepEqual(fill(window, 0, [10, 20]), {
      at: 100,
      durationMs: 1_510 / 101,
      count: 101,
      inFlight: 7,
      dropped: false,
    })
  })

  it('stays open until there are enough calls', () => {
    const window = new SampleWindow({ windowMs: 100, minSamples: 3 })
    assert.equal(window.add(0, 10, 1, false), undefined)
    assert.equal(window.add(500, 20, 1, false), undefined)
    assert.equal(window.add(501, 30, 2, false)?.durationMs, 20)
  })

  it('lasts for twice the shortest duration, up to ten times its length', () => {
    for (const [durationMs, lastsMs] of [
      [20, 100],
      [150, 300],
      [5_000, 1_000],
    ] as const) {
      const window = new SampleWindow({ windowMs: 100 })
      assert.equal(fill(window, 0, [durationMs])?.at, 100)
      assert.equal(fill(window, 101, [durationMs])?.at, 100 + lastsMs)
    }
  })

  it('counts as dropped when more calls were than is tolerated', () => {
    assert.equal(fill(new SampleWindow({ toleratedDropRatio: 0.1 }), 0, [10], 10)?.dropped, false)
    assert.equal(fill(new SampleWindow({ toleratedDropRatio: 0.1 }), 0, [10], 9)?.dropped, true)
    assert.equal(fill(new SampleWindow({ toleratedDropRatio: 0 }), 0, [10], 101)?.dropped, true)
  })

  it('takes a quick drop for no good latency, and a slow one for a bad one', () => {
    const window = new SampleWindow({ windowMs: 10, minSamples: 4 })
    window.add(0, 10, 1, false)
    window.add(1, 1, 1, true)
    window.add(2, 20, 1, false)
    assert.equal(window.add(10, 30, 1, true)?.durationMs, 20)
    // Where all were quick drops, nothing new is known.
    assert.equal(fill(window, 11, [1], 1)?.durationMs, 20)
  })

  it('measures every call while there are few', () => {
    const window = new SampleWindow({})
    for (let i = 0; i < 100; i++) assert.ok(window.wants())
    fill(window, 0, [10])
    for (let i = 0; i < 100; i++) assert.ok(window.wants())
  })

  it('measures about one of sixteen calls at most when there are many, and all again when there are few', () => {
    const window = new SampleWindow({ random: seededRandom('calls') })
    const wanted = (calls: number) => Array.from({ length: calls }, () => window.wants()).filter(Boolean).length
    wanted(100_000)
    fill(window, 0, [10])
    const few = wanted(16_000)
    assert.ok(few > 900 && few < 1_100, `${few}`)
    wanted(1_000)
    fill(window, 200, [10])
    fill(window, 400, [10])
    assert.equal(wanted(100), 100)
  })

  it('refuses options that make no sense', () => {
    const wrong = (options: SampleWindowOptions, message: RegExp) =>
      assert.throws(() => new SampleWindow(options), message)
    wrong({ windowMs: 1 }, /windowMs must be a number from 10 to 60000, but is 1/)
    wrong({ minSamples: 0 }, /minSamples must be an integer from 1 to 10000/)
    wrong({ toleratedDropRatio: 2 }, /toleratedDropRatio must be a number from 0 to 1/)
  })
})
