// Tests of ddsketch.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DDSketch, type DDSketchJson, type DDSketchOptions } from './ddsketch.ts'
import { type Random, seededRandom } from './random.ts'

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

const distributions: Readonly<Record<string, (random: Random) => number>> = {
  uniform: (random) => random() * 100,
  normal: (random) => 50 + 10 * normal(random),
  'log-normal': (random) => 0.01 * Math.exp(normal(random)),
  exponential: (random) => -Math.log(1 - random()),
  pareto: (random) => (1 - random()) ** (-1 / 1.1),
  bimodal: (random) => (random() < 0.8 ? 0.001 : 30) * (1 + 0.1 * random()),
  constant: () => 0.25,
  'mixed sign': (random) => Math.round(10 * normal(random)) * random(),
}
const percents = [...Array.from({ length: 101 }, (_, percent) => percent / 100), 0.999, 0.9999]

// Ten thousandfold: all of these find room.
const anyUsual = fc.oneof(fc.double({ min: 0.001, max: 10, noNaN: true }), fc.constantFrom(0, -0, 1, -1, -0.5))
const anyValue = fc.oneof(
  anyUsual,
  fc.double({ min: -1e300, max: 1e300, noNaN: true }),
  fc.constantFrom(Number.MIN_VALUE, 1e300, -1e300),
)
const anyValues = fc.oneof(...[anyUsual, anyValue].map((any) => fc.array(any, { maxLength: 100, size: 'max' })))
const anyMaxBuckets = fc.constantFrom(1, 2, 10, 100, 2_048)

function sketchOf(values: readonly number[], options?: DDSketchOptions): DDSketch {
  const sketch = new DDSketch(options)
  for (const value of values) sketch.record(value)
  return sketch
}

function trueQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN
}

function assertWithin(ratio: number, actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= ratio * Math.abs(expected), `${actual} is too far from ${expected}`)
}

/** Everything but the sum is the same to the last bit; the sum is up to its rounding. */
function assertSame(actual: DDSketch, expected: DDSketch, values: readonly number[]): void {
  assert.deepEqual({ ...actual.toJSON(), sum: 0 }, { ...expected.toJSON(), sum: 0 })
  assert.equal(actual.count, expected.count)
  const slack = 1e-12 * values.reduce((sum, value) => sum + Math.abs(value), 0)
  assert.ok(Math.abs(actual.sum - expected.sum) <= slack, `${actual.sum} is no sum like ${expected.sum}`)
}

describe('DDSketch', () => {
  for (const [name, draw] of Object.entries(distributions)) {
    it(`keeps every quantile of ${name} values within its error`, () => {
      fc.assert(
        fc.property(fc.integer(), fc.integer({ min: 1, max: 3_000 }), (seed, count) => {
          const random = seededRandom(seed)
          const values = Array.from({ length: count }, () => draw(random)).sort((a, b) => a - b)
          for (const relativeErrorRatio of [0.01, 0.05]) {
            const sketch = sketchOf(values, { relativeErrorRatio })
            for (const q of percents)
              assertWithin(relativeErrorRatio, sketch.quantile(q), values[Math.floor(q * (count - 1))] as number)
          }
        }),
        { numRuns: 15 },
      )
    })
  }

  it('keeps every quantile of any values within its error while they find room', () => {
    const anyNormal = anyValue.filter((value) => value === 0 || Math.abs(value) >= 2 ** -1022)
    fc.assert(
      fc.property(
        fc.array(anyNormal, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sketch = sketchOf(values, { maxBuckets: Infinity })
          assertWithin(0.01, sketch.quantile(q), trueQuantile(values, q))
        },
      ),
    )
  })

  it('knows the lowest and the highest of any values exactly', () => {
    fc.assert(
      fc.property(fc.array(anyUsual, { minLength: 1 }), anyMaxBuckets, (values, maxBuckets) => {
        const sketch = sketchOf(values, { maxBuckets })
        assert.deepEqual([sketch.quantile(0), sketch.min], Array(2).fill(Math.min(...values) + 0))
        assert.deepEqual([sketch.quantile(1), sketch.max], Array(2).fill(Math.max(...values) + 0))
      }),
    )
  })

  it('knows count, sum, min and max', () => {
    const sketch = sketchOf([3, -2, 0, 0.5])
    assert.deepEqual([sketch.count, sketch.sum, sketch.min, sketch.max], [4, 1.5, -2, 3])
    assert.deepEqual([sketch.quantile(0), sketch.quantile(1)], [-2, 3])
  })

  it('has no quantiles while it is empty', () => {
    const sketch = new DDSketch()
    assert.deepEqual([sketch.count, sketch.sum], [0, 0])
    for (const nothing of [sketch.min, sketch.max, sketch.quantile(0), sketch.quantile(0.5), sketch.quantile(1)])
      assert.ok(Number.isNaN(nothing))
  })

  it('merges parts to exactly what the whole is, collapsed or not', () => {
    fc.assert(
      fc.property(fc.array(anyValues, { maxLength: 4 }), anyMaxBuckets, (parts, maxBuckets) => {
        const merged = new DDSketch({ maxBuckets })
        for (const part of parts) merged.merge(sketchOf(part, { maxBuckets }))
        assertSame(merged, sketchOf(parts.flat(), { maxBuckets }), parts.flat())
      }),
    )
  })

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(anyValues, anyMaxBuckets, (values, maxBuckets) => {
        const sorted = values.toSorted((a, b) => a - b)
        const whole = sketchOf(values, { maxBuckets })
        assertSame(sketchOf(sorted, { maxBuckets }), whole, values)
        assertSame(sketchOf(sorted.toReversed(), { maxBuckets }), whole, values)
      }),
    )
  })

  it('leaves alone what it merges', () => {
    const other = sketchOf([1, -1, 0])
    const before = other.toJSON()
    const sketch = sketchOf([2])
    sketch.merge(other)
    sketch.record(1)
    assert.deepEqual(other.toJSON(), before)
  })

  it('doubles when it is merged with itself', () => {
    const sketch = sketchOf([1, 2, -3, 0])
    sketch.merge(sketch)
    assertSame(sketch, sketchOf([1, 2, -3, 0, 1, 2, -3, 0]), [20])
  })

  it('refuses to merge another relative error', () => {
    const sketch = new DDSketch()
    assert.throws(() => sketch.merge(sketchOf([1], { relativeErrorRatio: 0.02 })), {
      name: 'RangeError',
      message: 'a sketch with the relative error 0.02 cannot be merged into one with 0.01',
    })
    assert.equal(sketch.count, 0)
  })

  it('takes a count for as many single values', () => {
    fc.assert(
      fc.property(anyValue, fc.integer({ min: 1, max: 50 }), (value, count) => {
        const sketch = new DDSketch()
        sketch.record(value, count)
        const values = new Array<number>(count).fill(value)
        assertSame(sketch, sketchOf(values), values)
      }),
    )
  })

  it('ignores what is not finite, and counts that are none', () => {
    const sketch = sketchOf([Number.NaN, Infinity, -Infinity, 7])
    for (const count of [0, -1, 1.5, Number.NaN, Infinity]) sketch.record(9, count)
    assertSame(sketch, sketchOf([7]), [7])
  })

  it('counts as 0 what is nearer to it than the smallest normal double, and nothing else', () => {
    const tiny = [0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -1022 - Number.MIN_VALUE]
    assert.deepEqual(sketchOf(tiny).toJSON(), sketchOf([0, 0, 0, 0, 0]).toJSON())
    assert.equal(sketchOf([2 ** -1022, -(2 ** -1022)]).toJSON().zeros, 0)
  })

  it('keeps its error at the edges of the doubles and of its buckets', () => {
    const gamma = 1.01 / 0.99
    const powers = [-30_000, -1_000, -1, 0, 1, 2, 1_000, 30_000].map((power) => gamma ** power)
    for (const x of [2 ** -1022, 1, 1 - 2 ** -53, 1 + 2 ** -52, Number.MAX_VALUE, ...powers]) {
      // Wide enough that the middle is told by its bucket, not by min and max.
      const [low, high] = [-Number.MAX_VALUE, Number.MAX_VALUE]
      assertWithin(0.01, sketchOf([low, x, high], { maxBuckets: Infinity }).quantile(0.5), x)
      assertWithin(0.01, sketchOf([low, -x, high], { maxBuckets: Infinity }).quantile(0.5), -x)
      assert.equal(sketchOf([x, x, x]).quantile(0.5), x)
    }
  })

  it('keeps count, extremes and the high quantiles when the lowest values share a bucket', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = seededRandom(seed)
        const values = Array.from({ length: 1_000 }, () => 10 ** (20 * random() - 10)).sort((a, b) => a - b)
        const sketch = sketchOf(values, { maxBuckets: 350 })
        assert.deepEqual([sketch.count, sketch.min, sketch.max], [1_000, values[0], values[999]])
        // 350 buckets are ten octaves; the lowest of them is where all the others are.
        const lowestKept = sketch.max * 2 ** -10 * 1.03
        for (const q of percents.filter((share) => share > 0)) {
          const expected = values[Math.floor(q * 999)] as number
          const actual = sketch.quantile(q)
          if (expected > lowestKept) assertWithin(0.01, actual, expected)
          else assert.ok(actual >= 0.99 * expected && actual <= 1.01 * lowestKept)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('lets those nearest to 0 share a bucket on either side of it', () => {
    const sketch = sketchOf([-1e9, -1e-9, -1e-8, 1e-9, 1e-8, 1e9], { maxBuckets: 350 })
    const quantiles = [0.2, 0.4, 0.6, 0.8].map((q) => sketch.quantile(q))
    const share = quantiles.map((value) => Math.abs(value) / 1e9)
    assert.ok(share.every((each) => each < 2 ** -9))
    assert.deepEqual(quantiles.map(Math.sign), [-1, -1, 1, 1])
  })

  it('stays small whatever comes', () => {
    const sketch = new DDSketch()
    for (let exponent = -1022; exponent <= 1023; exponent++)
      for (const sign of [1, -1]) sketch.record(sign * 2 ** exponent)
    const { positive, negative } = sketch.toJSON()
    assert.deepEqual([sketch.count, positive.counts.length, negative.counts.length], [4_092, 2_048, 2_048])
  })

  it('forgets everything with clear', () => {
    const sketch = sketchOf([1, -2, 0])
    sketch.clear()
    assert.deepEqual(sketch.toJSON(), new DDSketch().toJSON())
    assert.ok(Number.isNaN(sketch.quantile(0.5)))
    sketch.record(0.5)
    assertSame(sketch, sketchOf([0.5]), [0.5])
  })

  it('refuses a share that is none', () => {
    for (const q of [-0.1, 1.1, Number.NaN])
      assert.throws(() => sketchOf([1]).quantile(q), { name: 'RangeError', message: /^q must be a number from 0 to 1/ })
  })

  it('refuses options out of their range', () => {
    assert.throws(() => new DDSketch({ relativeErrorRatio: 1 }), /^RangeError: relativeErrorRatio must be/)
    for (const maxBuckets of [0, 1.5, Number.NaN])
      assert.throws(() => new DDSketch({ maxBuckets }), /^RangeError: maxBuckets must be an integer from 1/)
  })

  describe('from', () => {
    it('makes the same sketch of what was written', () => {
      fc.assert(
        fc.property(anyValues, anyMaxBuckets, (values, maxBuckets) => {
          const sketch = sketchOf(values, { maxBuckets })
          for (const json of [JSON.parse(JSON.stringify(sketch)), structuredClone(sketch.toJSON())]) {
            const copy = DDSketch.from(json, { maxBuckets })
            assertSame(copy, sketch, [])
            assert.deepEqual([copy.min, copy.max], [sketch.min, sketch.max])
            copy.record(1)
            assertSame(copy, sketchOf([...values, 1], { maxBuckets }), values)
          }
        }),
      )
    })

    it('keeps to its own number of buckets', () => {
      const values = Array.from({ length: 1_000 }, (_, i) => 1.02 ** i)
      const copy = DDSketch.from(sketchOf(values).toJSON(), { maxBuckets: 10 })
      assertSame(copy, sketchOf(values, { maxBuckets: 10 }), values)
    })

    it('writes a sum beyond all doubles as the largest of them', () => {
      const sketch = sketchOf([Number.MAX_VALUE, Number.MAX_VALUE])
      assert.equal(sketch.sum, Infinity)
      assert.equal(DDSketch.from(JSON.parse(JSON.stringify(sketch))).sum, Number.MAX_VALUE)
    })

    it('refuses what is no sketch, and says what is wrong', () => {
      const good = sketchOf([1, -1, 0]).toJSON()
      const last = { first: 71_644, counts: [1] }
      assert.equal(DDSketch.from({ ...good, positive: last }).count, 3)
      const bad: readonly (readonly [Partial<Record<keyof DDSketchJson, unknown>>, RegExp])[] = [
        [{ relativeErrorRatio: 1e-9 }, /^RangeError: relativeErrorRatio must be/],
        [{ relativeErrorRatio: undefined }, /^TypeError: relativeErrorRatio must be/],
        [{ sum: null }, /^TypeError: sum must be/],
        [{ min: Number.NaN }, /^RangeError: min must be/],
        [{ max: -2 }, /^RangeError: max must be a number from -1 to/],
        [{ zeros: -1 }, /^RangeError: zeros must be an integer from 0/],
        [{ zeros: '5' }, /^TypeError: zeros must be/],
        [{ positive: 1 }, /^TypeError: positive must be an object/],
        [{ negative: { first: 1, counts: 'none' } }, /^TypeError: negative.counts must be an array/],
        [
          { positive: { first: 71_645, counts: [1] } },
          /^RangeError: positive.first must be an integer from 0 to 71644/,
        ],
        [{ positive: { first: -1, counts: [1] } }, /^RangeError: positive.first must be/],
        [{ positive: { first: 50, counts: [1, 0.5] } }, /^RangeError: counts must be an integer/],
        [{ positive: { first: 50, counts: [-1] } }, /^RangeError: counts must be an integer/],
      ]
      for (const [wrong, message] of bad) assert.throws(() => DDSketch.from({ ...good, ...wrong }), message)
      for (const nothing of [null, undefined, 5, 'sketch'])
        assert.throws(() => DDSketch.from(nothing), /^TypeError: a sketch must be an object/)
    })
  })
})
