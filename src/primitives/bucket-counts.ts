// Counts for numbered buckets that lie close together, in one array over the span of those in use.

/** Counts as plain data. */
export interface BucketCountsJson {
  /** The bucket that the first of the counts is for. */
  readonly first: number
  /** One for each bucket of the span, zeros among them. */
  readonly counts: readonly number[]
}

const NONE = new Float64Array(0)

/**
 * Counts what falls into whole-numbered buckets. The span of those in use has at most `most` of them: what is further below
 * the highest counts for the lowest that is left. That depends on the highest alone, so whatever comes in another order, or
 * in parts through `merge`, ends up the same. Checks nothing: its one user knows its own bounds.
 */
export class BucketCounts {
  readonly #most: number
  // Slot 0 is for the bucket #first. When there are `most` slots the last one is in use: none is kept free above at the
  // cost of what is below.
  #slots = NONE
  #first = 0

  constructor(most: number) {
    this.#most = most
  }

  /** How much was counted: the sum over the span. */
  get total(): number {
    let sum = 0
    for (const count of this.#slots) sum += count
    return sum
  }

  /** Adds to the count of a bucket. */
  add(bucket: number, count: number): void {
    const slots = this.#slots
    const slot = bucket - this.#first
    if (slot >= 0 && slot < slots.length) slots[slot] = (slots[slot] as number) + count
    else this.#addOutside(bucket, count)
  }

  /** Adds what another one has counted. */
  merge(other: BucketCounts): void {
    this.#addAll(other.#slots, other.#first)
  }

  /** Returns the bucket of whatever has `rank` others before it, from the lowest bucket on; the highest bucket beyond the last. */
  bucketAt(rank: number): number {
    let bucket = this.#first
    let before = 0
    for (const count of this.#slots) {
      before += count
      if (before > rank) return bucket
      bucket++
    }
    return this.#highest()
  }

  /** Forgets every count, and the memory they took. */
  clear(): void {
    this.#slots = NONE
  }

  /** Returns the counts from the lowest bucket in use to the highest. */
  toJSON(): BucketCountsJson {
    const lowest = this.#lowest()
    if (lowest === Infinity) return { first: 0, counts: [] }
    return { first: lowest, counts: [...this.#slots.subarray(lowest - this.#first, this.#highest() - this.#first + 1)] }
  }

  #lowest(): number {
    const slot = this.#slots.findIndex((count) => count > 0)
    return slot < 0 ? Infinity : this.#first + slot
  }

  #highest(): number {
    const slot = this.#slots.findLastIndex((count) => count > 0)
    return slot < 0 ? -Infinity : this.#first + slot
  }

  #addOutside(bucket: number, count: number): void {
    const isTooLow = bucket < this.#first && this.#slots.length === this.#most
    if (!isTooLow) this.#makeRoom(bucket)
    this.add(Math.max(bucket, this.#first), count)
  }

  /** Extends the slots to a bucket, or as far down to it as they may go. */
  #makeRoom(bucket: number): void {
    const lowest = Math.min(this.#lowest(), bucket)
    const highest = Math.max(this.#highest(), bucket)
    const span = highest - lowest + 1
    const length = Math.min(roomy(span), this.#most)
    // What grew in one direction will again.
    const below = bucket > lowest ? 0 : bucket < highest ? length - span : length >>> 1
    const first = length === this.#most ? highest - length + 1 : lowest - below
    const before = { slots: this.#slots, first: this.#first }
    this.#slots = new Float64Array(length)
    this.#first = first
    this.#addAll(before.slots, before.first)
  }

  #addAll(slots: Float64Array, first: number): void {
    let bucket = first
    for (const count of slots) {
      if (count > 0) this.add(bucket, count)
      bucket++
    }
  }
}

/** A quarter more, so that growth by single buckets is rare, and at least 8: as many as V8 keeps inside the array object. */
function roomy(span: number): number {
  return (span + (span >>> 2) + 7) & ~7
}
