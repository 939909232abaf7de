import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type InstanceCounts, type OutlierOptions, outliers } from './outliers.ts'

/** Instances `a`, `b` and so on, with that many failures of 100 calls each. */
function of100(...failures: readonly number[]): readonly InstanceCounts[] {
  return failures.map((failed, at) => ({ id: String.fromCharCode(97 + at), calls: 100, failures: failed }))
}

function judged(counts: readonly InstanceCounts[], options?: OutlierOptions) {
  return Object.fromEntries(outliers(options).judge(counts, 1_000))
}

describe('outliers', () => {
  it('takes out one that fails far more often than the others', () => {
    assert.deepEqual(judged(of100(0, 1, 0, 20, 0)), { d: 31_000 })
    assert.deepEqual(judged(of100(0, 1, 0, 2, 0, 60, 1, 0, 0, 50, 0, 2)), { f: 31_000, j: 31_000 })
  })

  it('leaves all in where they fail alike, or do well', () => {
    assert.deepEqual(judged(of100(50, 52, 48, 55, 51)), {})
    assert.deepEqual(judged(of100(100, 100, 100, 100, 100)), {})
    // Ten standard deviations are nothing where there are hardly any failures.
    assert.deepEqual(judged(of100(...Array(100).fill(0), 5)), {})
    assert.deepEqual(Object.keys(judged(of100(...Array(100).fill(0), 5), { minFailureRatio: 0.04 })).length, 1)
  })

  it('judges nobody by few calls, and none where few have enough', () => {
    const counts = of100(0, 0, 0, 0, 60)
    assert.deepEqual(judged(counts.slice(1)), {})
    assert.deepEqual(judged([...counts.slice(1), { id: 'x', calls: 99, failures: 0 }]), {})
    assert.deepEqual(judged([...counts, { id: 'x', calls: 99, failures: 99 }]), { e: 31_000 })
    assert.deepEqual(judged(counts.slice(1), { minimumInstances: 4, deviations: 1.5 }), { e: 31_000 })
  })

  it('takes it out for longer each time, up to a limit, and takes a time back for each interval in which it is well', () => {
    const detector = outliers({ ejectMs: 10_000, maxEjectMs: 25_000 })
    const bad = of100(0, 0, 0, 0, 60)
    const well = of100(0, 0, 0, 0, 0)
    let now = 0
    const judge = (counts: readonly InstanceCounts[]) => (detector.judge(counts, now).get('e') ?? now) - now
    assert.equal(judge(bad), 10_000)
    for (const outMs of [20_000, 25_000, 25_000, 25_000]) {
      now += 50_000
      assert.equal(judge(bad), outMs)
    }
    now += 25_000
    assert.equal(detector.judge(well, now).has('e'), false)
    assert.deepEqual(
      detector.snapshot().instances.map(({ id, times }) => [id, times]),
      [['e', 2]],
    )
    assert.equal(judge(bad), 25_000)
    for (let n = 0; n < 3; n++) {
      now += 50_000
      judge(well)
    }
    assert.deepEqual(detector.snapshot().instances, [])
    assert.equal(judge(bad), 10_000)
  })

  it('keeps one out until its time is over, whatever ends meanwhile, and does not measure others by it', () => {
    const detector = outliers()
    detector.judge(of100(0, 0, 0, 0, 60, 0), 0)
    assert.deepEqual(
      [...detector.judge(of100(0, 0, 0, 20, 100, 0), 10_000)],
      [
        ['d', 40_000],
        ['e', 30_000],
      ],
    )
    assert.equal(detector.snapshot().judged, 5)
    assert.equal(detector.snapshot().meanRatio, 0.96)
    assert.deepEqual([...detector.judge(of100(0, 0, 0, 0, 0, 0), 30_000)], [['d', 40_000]])
  })

  it('forgets whoever is not in the set any more', () => {
    const detector = outliers()
    const counts = of100(0, 0, 0, 0, 60)
    detector.judge(counts, 0)
    assert.deepEqual([...detector.judge(counts.slice(0, 4), 10_000)], [])
    assert.deepEqual([...detector.judge(counts, 20_000)], [['e', 50_000]])
  })

  it('shows what it measured', () => {
    const detector = outliers()
    assert.deepEqual(detector.snapshot(), { judged: 0, meanRatio: undefined, leastRatio: undefined, instances: [] })
    detector.judge(of100(0, 0, 0, 0, 50), 0)
    const { judged: count, meanRatio, leastRatio, instances } = detector.snapshot()
    assert.deepEqual([count, meanRatio], [5, 0.9])
    assert.ok(Math.abs((leastRatio ?? 0) - (0.9 - 1.9 * 0.2)) < 1e-9)
    assert.deepEqual(instances, [{ id: 'e', until: 30_000, times: 1 }])
  })

  it('never takes out more than a quarter, nor one that does better than another that stays', () => {
    // At most 1 / k² of any set is k standard deviations away (Chebyshev); on one side alone it is 1 / (1 + k²) (Cantelli).
    const sets = fc.array(fc.record({ calls: fc.constant(100), failures: fc.nat(100) }), {
      minLength: 5,
      maxLength: 60,
    })
    fc.assert(
      fc.property(sets, (some) => {
        const counts = some.map((each, at) => ({ ...each, id: `i${at}` }))
        const out = outliers().judge(counts, 0)
        assert.ok(out.size <= counts.length / (1 + 1.9 ** 2))
        const failuresOf = (isOut: boolean) =>
          counts.filter(({ id }) => out.has(id) === isOut).map((each) => each.failures)
        assert.ok(Math.max(...failuresOf(false)) < Math.min(...failuresOf(true), Infinity))
      }),
      { seed: 7 },
    )
  })

  it('refuses what makes no sense', () => {
    const wrong: readonly OutlierOptions[] = [
      { intervalMs: 0 },
      { minimumCalls: 0 },
      { minimumInstances: 2 },
      { deviations: 0 },
      { minFailureRatio: -1 },
      { ejectMs: 0 },
      { ejectMs: 2, maxEjectMs: 1 },
    ]
    for (const options of wrong)
      assert.throws(() => outliers(options), new RegExp(`^RangeError: ${Object.keys(options).at(-1)} must be`))
    assert.equal(outliers({ intervalMs: 5 }).intervalMs, 5)
    assert.doesNotThrow(() => outliers({ ejectMs: 1_000_000 }))
  })
})
