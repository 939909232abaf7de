// JuteWriter: puts the parts of a packet together as ZooKeeper's encoding has them (zookeeper.jute, BinaryOutputArchive).

const lengthBytes = 4

/** Writes one packet, with room for its length in front. */
export class JuteWriter {
  #bytes = Buffer.allocUnsafe(256)
  #length = lengthBytes

  /** Thirty-two bits with a sign. */
  int(value: number): this {
    this.#room(4)
    this.#length = this.#bytes.writeInt32BE(value, this.#length)
    return this
  }

  /** Sixty-four bits with a sign. */
  long(value: bigint): this {
    this.#room(8)
    this.#length = this.#bytes.writeBigInt64BE(value, this.#length)
    return this
  }

  bool(value: boolean): this {
    this.#room(1)
    this.#bytes[this.#length++] = value ? 1 : 0
    return this
  }

  /** Bytes after their number. */
  buffer(value: Uint8Array): this {
    this.int(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  /** A text as UTF-8, after the number of its bytes. */
  text(value: string): this {
    return this.buffer(Buffer.from(value))
  }

  /** How many bytes the packet has, without its length. */
  get size(): number {
    return this.#length - lengthBytes
  }

  /** The packet after its length. It is a view: nothing may be written afterwards. */
  frame(): Uint8Array {
    this.#bytes.writeInt32BE(this.size, 0)
    return this.#bytes.subarray(0, this.#length)
  }

  #room(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
