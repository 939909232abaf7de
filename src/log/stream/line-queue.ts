// Lines on their way to a descriptor: gathered into batches that one write can take, and bounded in bytes.
import { RingBuffer } from '../../primitives/ring-buffer.ts'
import { Batch } from './batch.ts'

// What a pipe of Linux holds. Measured: with 16 KiB a line costs half as much again.
const largestBatchChars = 64 * 1024
const encoder = new TextEncoder()

/** A bounded queue: where there is no room the oldest lines go, a whole batch at a time. */
export class LineQueue {
  readonly #maxBytes: number
  readonly #batchChars: number
  readonly #full = new RingBuffer<Batch>()
  // Holds one batch of any text. While it is lent to one, the others get memory of their own, as much as they need.
  readonly #memory: Uint8Array<ArrayBuffer>
  #isLent = false
  #fullBytes = 0
  // A rope: what it costs to make one string of it, and bytes of that, is paid once for many lines.
  #text = ''
  #lines = 0
  #serial = 0
  #dropped = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#batchChars = Math.min(largestBatchChars, Math.ceil(maxBytes / 4))
    this.#memory = new Uint8Array(3 * this.#batchChars)
  }

  /** How many lines were dropped so far. */
  get dropped(): number {
    return this.#dropped
  }

  /** The serial of the batch that is taken next; Infinity when nothing waits. */
  get oldestSerial(): number {
    return this.#full.peek()?.serial ?? (this.#lines > 0 ? this.#serial : Infinity)
  }

  /** The serial of the batch that the newest line is in, or was. */
  get newestSerial(): number {
    return this.#lines > 0 ? this.#serial : this.#serial - 1
  }

  /** Adds a line; true when that completed a batch. A line that is longer than all that may wait is dropped. */
  push(line: string): boolean {
    if (this.#text.length + line.length <= this.#batchChars) {
      this.#text += line
      this.#lines++
      return false
    }
    this.#seal()
    this.#text = line
    this.#lines = 1
    if (line.length > this.#batchChars) this.#seal()
    return true
  }

  /** Takes the oldest complete batch; with `all` also what is gathered so far. */
  take(all: boolean): Batch | undefined {
    if (all && this.#full.length === 0) this.#seal()
    const batch = this.#full.shift()
    if (batch !== undefined) this.#fullBytes -= batch.bytes.length
    return batch
  }

  /** Gets the memory of a batch back, which must be of no more use. */
  recycle({ bytes }: Batch): void {
    if (bytes.buffer === this.#memory.buffer) this.#isLent = false
  }

  /** Drops all that waits. */
  clear(): void {
    this.#dropped += this.#lines
    this.#empty()
    while (this.#full.length > 0) this.#drop()
  }

  #drop(): void {
    const batch = this.take(false)
    if (batch === undefined) return
    this.#dropped += batch.lines
    this.recycle(batch)
  }

  #seal(): void {
    if (this.#lines === 0) return
    // No text has fewer bytes than characters: what is too long in any case is not even encoded.
    if (this.#text.length > this.#maxBytes) this.#dropped += this.#lines
    else this.#keep(new Batch(this.#encoded(this.#text), this.#lines, this.#serial++))
    this.#empty()
  }

  #encoded(text: string): Uint8Array {
    if (this.#isLent || text.length > this.#batchChars) return Buffer.from(text)
    this.#isLent = true
    return this.#memory.subarray(0, encoder.encodeInto(text, this.#memory).written)
  }

  #keep(batch: Batch): void {
    this.#full.push(batch)
    this.#fullBytes += batch.bytes.length
    while (this.#fullBytes > this.#maxBytes) this.#drop()
  }

  #empty(): void {
    this.#text = ''
    this.#lines = 0
  }
}
