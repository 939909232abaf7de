// Whole lines that are written together, and how far the writing is.

const newline = 10

/** Some lines as bytes. */
export class Batch {
  readonly bytes: Uint8Array
  readonly lines: number
  /** Batches made later have larger ones. */
  readonly serial: number
  #offset = 0

  constructor(bytes: Uint8Array, lines: number, serial: number) {
    this.bytes = bytes
    this.lines = lines
    this.serial = serial
  }

  /** How many bytes have left. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes have not. */
  get rest(): number {
    return this.bytes.length - this.#offset
  }

  /** How many lines have not left as a whole. */
  get linesLeft(): number {
    if (this.#offset === 0) return this.lines
    let ends = 0
    for (let at = this.bytes.indexOf(newline, this.#offset); at !== -1; at = this.bytes.indexOf(newline, at + 1)) ends++
    return Math.min(ends, this.lines)
  }

  /** So many bytes more have left. */
  advance(bytes: number): void {
    this.#offset += bytes
  }

  /** Goes back to where the line begins that has left in part. */
  rewind(): void {
    this.#offset = this.bytes.subarray(0, this.#offset).lastIndexOf(newline) + 1
  }
}
