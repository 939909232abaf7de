// The data that wait for CloudWatch, as far as they may, in batches that it takes.
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import { RingBuffer } from '../../primitives/ring-buffer.ts'

/** What one request takes (PutMetricData of CloudWatch's API reference): so many metrics, and 1 MB before compression, of which some is left for what is around them. */
const mostInBatch = 1_000
const mostBytes = 900_000
/** Beyond what texts take: the protocol writes the name of each member. */
const bytesPerDatum = 200
const bytesPerNumber = 40

/** Keeps the newest: each has the time when it was measured, so it may come late. */
export class PendingData {
  readonly #most: number
  readonly #data = new RingBuffer<MetricDatum>()
  /** Cut off, and on its way or to be sent again. */
  #batch: readonly MetricDatum[] = []
  #dropped = 0

  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#batch.length + this.#data.length
  }

  /** How many were too old to be kept, or were given up. */
  get dropped(): number {
    return this.#dropped
  }

  add(data: readonly MetricDatum[]): void {
    for (const datum of data) {
      this.#data.push(datum)
      if (this.length <= this.#most) continue
      this.#data.shift()
      this.#dropped++
    }
  }

  /** The oldest that one request takes: the same until `keep` is called. Empty where there are none. */
  batch(): readonly MetricDatum[] {
    if (this.#batch.length > 0) return this.#batch
    const batch: MetricDatum[] = []
    let bytes = 0
    for (let next = this.#data.peek(); next !== undefined && batch.length < mostInBatch; next = this.#data.peek()) {
      bytes += bytesOf(next)
      if (batch.length > 0 && bytes > mostBytes) break
      batch.push(next)
      this.#data.shift()
    }
    this.#batch = batch
    return batch
  }

  /** What of the batch has yet to be sent; the others have arrived, or were given up. */
  keep(rest: readonly MetricDatum[], givenUp: number): void {
    this.#batch = rest
    this.#dropped += givenUp
  }

  /** Gives all up. */
  clear(): void {
    this.#dropped += this.length
    this.#batch = []
    this.#data.clear()
  }
}

/** About: texts are ASCII. */
function bytesOf({ MetricName = '', Dimensions = [], Values = [] }: MetricDatum): number {
  let bytes = bytesPerDatum + MetricName.length + 2 * bytesPerNumber * Values.length
  for (const { Name = '', Value = '' } of Dimensions) bytes += Name.length + Value.length + bytesPerNumber
  return bytes
}
