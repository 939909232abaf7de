// Numbers and texts written into bytes, one behind the other.

const encoder = new TextEncoder()

/** Zeros, until something is written over them. */
export class ByteSheet {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #littleEndian: boolean
  #at = 0

  constructor(length: number, littleEndian: boolean) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
    this.#littleEndian = littleEndian
  }

  /** Goes on here. */
  at(offset: number): this {
    this.#at = offset
    return this
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, this.#littleEndian)
    this.#at += 4
    return this
  }

  u64(value: number | bigint): this {
    this.#view.setBigUint64(this.#at, BigInt(value), this.#littleEndian)
    this.#at += 8
    return this
  }

  /** In UTF-8, without a zero at its end. */
  text(text: string): this {
    const encoded = encoder.encode(text)
    this.bytes.set(encoded, this.#at)
    this.#at += encoded.length
    return this
  }
}
