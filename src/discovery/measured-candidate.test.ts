import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instanceAt } from './instance.ts'
import { MeasuredCandidate } from './measured-candidate.ts'

const measure = { decayMs: 10_000, failurePenaltyMs: 1_000 }
const candidate = (weight?: number) =>
  new MeasuredCandidate({ ...instanceAt('a:1'), weight }, 'target', undefined, 0, measure)

/** Calls that took so long, one after the other, the last one ending at `now`. */
function called(times: readonly number[], now = 0, weight?: number) {
  const measured = candidate(weight)
  for (const tookMs of times) {
    measured.begin()
    measured.end('success', tookMs, now)
  }
  return measured
}

/** Each second call of two seconds fails, at once. */
function failingHalf() {
  const measured = called([10])
  for (let now = 10; now <= 2_000; now += 10) {
    const fails = now % 20 === 0
    measured.begin()
    measured.end(fails ? 'failure' : 'success', fails ? 0.1 : 10, now)
  }
  return measured
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= Math.abs(expected) * 1e-3, `${actual} is not near ${expected}`)

describe('MeasuredCandidate', () => {
  it('costs nothing before it was called, and much while its first call has not ended', () => {
    const fresh = candidate()
    assert.equal(fresh.loadAt(0), 0)
    fresh.begin()
    assert.equal(fresh.loadAt(0), 1_000)
    assert.deepEqual([fresh.latencyMs, fresh.successRatio, fresh.healthy], [0, 1, true])
  })

  it('costs what calls take, for each in flight and the new one, by weight', () => {
    const measured = called([20])
    near(measured.loadAt(0), 20)
    measured.begin()
    measured.begin()
    near(measured.loadAt(0), 60)
    const heavy = called([20], 0, 4)
    near(heavy.loadAt(0), 5)
  })

  it('takes nothing with a weight of 0', () => {
    assert.equal(candidate(0).loadAt(0), Infinity)
  })

  it('goes up at once, and down as time passes', () => {
    const measured = called([10])
    measured.begin()
    measured.end('success', 200, 100)
    assert.equal(measured.latencyMs, 200)
    measured.begin()
    measured.end('success', 10, 100)
    assert.equal(measured.latencyMs, 200)
    measured.begin()
    measured.end('success', 10, 10_100)
    near(measured.latencyMs, 200 * Math.exp(-1) + 10 * (1 - Math.exp(-1)))
  })

  it('fades while nobody calls, and is then known anew by one call', () => {
    const measured = called([200])
    near(measured.loadAt(10_000), 200 * Math.exp(-1))
    measured.begin()
    measured.end('success', 300, 1_000_000)
    near(measured.loadAt(1_000_000), 300)
  })

  it('never looks fast for failing fast', () => {
    const measured = failingHalf()
    near(measured.latencyMs, 10)
    // The very first call was a good one.
    near(1 - measured.successRatio, 100 / 201)
    assert.ok(measured.loadAt(2_000) > 10 + 0.49 * 1_000)
    assert.deepEqual([measured.calls, measured.failures], [201, 100])
  })

  it('knows a share of failures from its first calls, and forgets it as time passes', () => {
    const measured = called([10, 10, 10])
    measured.begin()
    measured.end('failure', 1, 0)
    near(measured.successRatio, 0.75)
    measured.begin()
    measured.end('success', 10, 10_000)
    near(1 - measured.successRatio, 0.25 * Math.exp(-1))
  })

  it('counts failed calls as in flight for about as long as they cost', () => {
    const measured = failingHalf()
    const share = 1 - measured.successRatio
    const fadedAt = (now: number) => Math.exp(-(now - 2_000) / 10_000)
    const known = 10 + share * 1_000
    // One each 20 ms, each of which is less by 1/e after a second: some 50 of them less those that were longer ago, by the share.
    const lingering = (measured.loadAt(2_000) - known) / (share * 1_000)
    assert.ok(lingering > 0.8 * 50 * share && lingering < 50 * share, `${lingering} linger`)
    near(measured.loadAt(3_000) / fadedAt(3_000), known + share * 1_000 * lingering * Math.exp(-1))
    near(measured.loadAt(12_000) / fadedAt(12_000), known)
  })

  it('says nothing of errors where they cost nothing', () => {
    const free = new MeasuredCandidate(instanceAt('a:1'), 'target', undefined, 0, { ...measure, failurePenaltyMs: 0 })
    for (const verdict of ['success', 'failure'] as const) {
      free.begin()
      free.end(verdict, 10, 0)
    }
    near(free.loadAt(0), 10)
  })

  it('takes a failure that was slow for what it is', () => {
    const measured = called([10])
    measured.begin()
    measured.end('failure', 2_000, 1)
    assert.equal(measured.latencyMs, 2_000)
  })

  it('learns nothing good of calls that say nothing, but that it is slow', () => {
    const measured = called([100])
    measured.begin()
    measured.end('ignored', 1, 5_000)
    // What was known has faded, and no more than that.
    near(measured.latencyMs, 100 * Math.exp(-0.5))
    measured.begin()
    measured.end('ignored', 500, 5_000)
    assert.equal(measured.latencyMs, 500)
    assert.equal(measured.calls, 1)
  })

  it('does not go by an old time again for a call that tells none', () => {
    const faded = 1_000 * Math.exp(-6)
    const streamed = called([1_000])
    streamed.begin()
    streamed.end('success', Number.NaN, 60_000)
    near(streamed.loadAt(60_000), faded)
    const failed = called([1_000])
    failed.begin()
    failed.end('failure', 1, 60_000)
    const share = 1 - failed.successRatio
    near(failed.loadAt(60_000), faded + share * 1_000 * (1 + share))
  })

  it('goes by the time of a slow call that says nothing else from when that was', () => {
    const measured = called([10])
    measured.begin()
    measured.end('ignored', 3_000, 60_000)
    near(measured.loadAt(60_000), 3_000)
  })

  it('costs what calls take that say nothing, and does not fade while there are such', () => {
    const measured = candidate()
    for (let now = 20; now <= 100_000; now += 20) {
      measured.begin()
      measured.end('ignored', 20, now)
    }
    near(measured.loadAt(100_000), 20)
    const known = called([100])
    known.begin()
    known.end('ignored', 1, 50_000)
    near(known.loadAt(50_000), 1)
  })

  it('takes no time from a stream', () => {
    const measured = called([100])
    measured.begin()
    measured.end('success', Number.NaN, 5_000)
    assert.equal(measured.latencyMs, 100)
    assert.equal(measured.inFlight, 0)
  })

  it('still tells instances apart by what is in flight where calls take no time', () => {
    const measured = called([0])
    const idle = measured.loadAt(0)
    measured.begin()
    assert.ok(measured.loadAt(0) > idle)
  })

  it('is not healthy when it is taken out, or its health says so', () => {
    const measured = candidate()
    measured.isEjected = true
    assert.equal(measured.healthy, false)
    const health = { healthy: false, onChange() {}, [Symbol.dispose]() {} }
    assert.equal(new MeasuredCandidate(instanceAt('a:1'), 0, health, 0, measure).healthy, false)
  })

  it('has the weight that its registry says now', () => {
    const measured = candidate()
    measured.change({ ...instanceAt('a:1'), weight: 3, zone: 'x' })
    assert.deepEqual([measured.weight, measured.instance.zone], [3, 'x'])
  })
})
