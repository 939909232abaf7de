// Quantiles of however many values, within a relative error, in a few kilobytes that merge without loss.

import { BucketCounts, type BucketCountsJson } from './bucket-counts.ts'
import { checkNumber, type NumberLimits } from './check.ts'
import { RelativeBuckets } from './relative-buckets.ts'

/** How exact a DDSketch is, and how large it may become. */
export interface DDSketchOptions {
  /** How far a quantile may be off, as a share of the true one; from 0.0001 to 0.5. @default 0.01 */
  readonly relativeErrorRatio?: number | undefined
  /**
   * How many buckets positive values may span, and as many negative ones; at least 1. Each takes 8 bytes, none before it is
   * needed. At an error of 1 %, 2048 of them reach from the largest value down to 10^-17 of it. @default 2_048
   */
  readonly maxBuckets?: number | undefined
}

/** A DDSketch as plain data, for JSON and for messages between threads. */
export interface DDSketchJson {
  readonly relativeErrorRatio: number
  readonly sum: number
  /** 0, as `max` is, when there are no values. */
  readonly min: number
  readonly max: number
  readonly zeros: number
  readonly positive: BucketCountsJson
  readonly negative: BucketCountsJson
}

/**
 * The quantile sketch of Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
 * Guarantees" (VLDB 2019). Sketches with the same options merge to exactly what one would be that had recorded every value,
 * in whatever order; only sums differ, by their rounding.
 *
 * Values are positive, negative or 0, in any unit. What is nearer to 0 than 2^-1022 counts as 0, and what is not finite is
 * ignored. When the values of one sign span more than `maxBuckets`, those nearest to 0 share a bucket, the nearest that is
 * left. So where all are positive only the low quantiles lose precision, and noise around 0 never takes it from large
 * values of either sign.
 */
export class DDSketch {
  readonly #buckets: RelativeBuckets
  readonly #positive: BucketCounts
  readonly #negative: BucketCounts
  #zeros = 0
  #count = 0
  #sum = 0
  #min = Infinity
  #max = -Infinity

  /** Throws a RangeError or TypeError for an option that is out of its range. */
  constructor(options: DDSketchOptions = {}) {
    const maxBuckets = checkNumber('maxBuckets', options.maxBuckets ?? 2_048, { min: 1, integer: true })
    this.#buckets = RelativeBuckets.of(options.relativeErrorRatio ?? 0.01)
    this.#positive = new BucketCounts(maxBuckets)
    this.#negative = new BucketCounts(maxBuckets)
  }

  /**
   * Returns the sketch that `toJSON` wrote down, which may come from a stranger: throws a TypeError or RangeError that names
   * what is wrong with it. It gets as many buckets as the options allow, whatever the other one was allowed.
   */
  static from(json: unknown, options: Pick<DDSketchOptions, 'maxBuckets'> = {}): DDSketch {
    const read = membersOf<DDSketchJson>('a sketch', json)
    const relativeErrorRatio = numberFrom('relativeErrorRatio', read.relativeErrorRatio, anyFinite)
    const sketch = new DDSketch({ relativeErrorRatio, maxBuckets: options.maxBuckets })
    sketch.#read(sketch.#positive, 'positive', read.positive)
    sketch.#read(sketch.#negative, 'negative', read.negative)
    sketch.#zeros = numberFrom('zeros', read.zeros, anyCount)
    sketch.#count = sketch.#zeros + sketch.#positive.total + sketch.#negative.total
    if (sketch.#count === 0) return sketch
    sketch.#sum = numberFrom('sum', read.sum, anyFinite)
    sketch.#min = numberFrom('min', read.min, anyFinite)
    sketch.#max = numberFrom('max', read.max, { ...anyFinite, min: sketch.#min })
    return sketch
  }

  /** How many values were recorded. */
  get count(): number {
    return this.#count
  }

  /** The sum of the values; 0 when there are none. */
  get sum(): number {
    return this.#sum
  }

  /** The lowest value, exactly; NaN when there are none. */
  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min
  }

  /** The highest value, exactly; NaN when there are none. */
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max
  }

  /** Takes a value in, as often as `count` says. A value that is not finite, or a count that is no whole number of 1 or more, is ignored. */
  record(value: number, count = 1): void {
    const bucket = this.#buckets.indexOf(value)
    if (bucket < 0 || !Number.isSafeInteger(count) || count < 1) return
    let counted = value
    if (bucket === 0) {
      this.#zeros += count
      counted = 0
    } else {
      const side = value > 0 ? this.#positive : this.#negative
      side.add(bucket, count)
    }
    this.#count += count
    this.#sum += counted * count
    if (counted < this.#min) this.#min = counted
    if (counted > this.#max) this.#max = counted
  }

  /** Takes in all that another sketch has recorded. Throws a RangeError when that has another relative error. */
  merge(other: DDSketch): void {
    const [own, others] = [this.#buckets.relativeErrorRatio, other.#buckets.relativeErrorRatio]
    if (own !== others)
      throw new RangeError(`a sketch with the relative error ${others} cannot be merged into one with ${own}`)
    this.#positive.merge(other.#positive)
    this.#negative.merge(other.#negative)
    this.#zeros += other.#zeros
    this.#count += other.#count
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /**
   * Returns the value below which the share `q` of all values lies: that of rank floor(q × (count - 1)), within the relative
   * error. The lowest and the highest are exact. NaN when there are no values; throws a RangeError unless q is from 0 to 1.
   */
  quantile(q: number): number {
    const rank = Math.floor(checkNumber('q', q, { min: 0, max: 1 }) * (this.#count - 1))
    if (rank <= 0) return this.min
    if (rank >= this.#count - 1) return this.#max
    return Math.min(Math.max(this.#valueAt(rank), this.#min), this.#max)
  }

  /** Forgets every value, and the memory they took. */
  clear(): void {
    this.#positive.clear()
    this.#negative.clear()
    this.#zeros = 0
    this.#count = 0
    this.#sum = 0
    this.#min = Infinity
    this.#max = -Infinity
  }

  /** Returns what `DDSketch.from` makes the same sketch of. A sum beyond all doubles is the largest of them. */
  toJSON(): DDSketchJson {
    const { MAX_VALUE } = Number
    return {
      relativeErrorRatio: this.#buckets.relativeErrorRatio,
      sum: Math.min(Math.max(this.#sum, -MAX_VALUE), MAX_VALUE),
      min: this.min || 0,
      max: this.max || 0,
      zeros: this.#zeros,
      positive: this.#positive.toJSON(),
      negative: this.#negative.toJSON(),
    }
  }

  #read(side: BucketCounts, name: string, json: unknown): void {
    const { first, counts } = membersOf<BucketCountsJson>(name, json)
    if (!Array.isArray(counts)) throw new TypeError(`${name}.counts must be an array`)
    const last = this.#buckets.lastIndex + 1 - counts.length
    const start = numberFrom(`${name}.first`, first, { min: 0, max: last, integer: true })
    for (const [i, count] of counts.entries()) if (numberFrom('counts', count, anyCount) > 0) side.add(start + i, count)
  }

  #valueAt(rank: number): number {
    const negatives = this.#negative.total
    // Of the negative ones, those with the highest magnitude come first.
    if (rank < negatives) return -this.#buckets.valueAt(this.#negative.bucketAt(negatives - 1 - rank))
    if (rank < negatives + this.#zeros) return 0
    return this.#buckets.valueAt(this.#positive.bucketAt(rank - negatives - this.#zeros))
  }
}

const anyCount = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }
const anyFinite = { min: -Number.MAX_VALUE, max: Number.MAX_VALUE }

function membersOf<T>(name: string, json: unknown): { readonly [Name in keyof T]?: unknown } {
  if (typeof json !== 'object' || json === null) throw new TypeError(`${name} must be an object`)
  return json
}

/** `checkNumber` refuses what is no number, too. */
function numberFrom(name: string, value: unknown, limits: NumberLimits): number {
  return checkNumber(name, value as number, limits)
}
