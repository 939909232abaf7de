// JuteReader: takes a packet of ZooKeeper's encoding apart, and refuses what says that it is longer than it is.

/** Reads from a place on. Everything throws an Error where the packet ends too early. */
export class JuteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** Thirty-two bits with a sign. */
  int(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  /** Sixty-four bits with a sign. */
  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  bool(): boolean {
    return this.#bytes[this.#take(1)] !== 0
  }

  /** Bytes after their number, as a view; none where the packet says that there is no buffer at all. */
  buffer(): Buffer {
    const length = this.#count(1)
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  text(): string {
    return this.buffer().toString('utf8')
  }

  texts(): readonly string[] {
    // Each has its length at least: a number that cannot be is refused before an array of that size is made.
    return Array.from({ length: this.#count(4) }, () => this.text())
  }

  /** A number of things of at least so many bytes each. */
  #count(leastBytes: number): number {
    const count = this.int()
    if (count < -1 || count * leastBytes > this.left) throw new Error('the packet ends too early')
    return Math.max(count, 0)
  }

  #take(bytes: number): number {
    if (bytes > this.left) throw new Error('the packet ends too early')
    const at = this.#at
    this.#at += bytes
    return at
  }
}
