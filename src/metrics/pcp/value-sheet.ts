// The numbers of a file: put in their places, and compared with what was there, so that only what has changed is written.
import type { Layout } from './layout.ts'
import { type MmvBytes, valueBytes } from './mmv-bytes.ts'

/** A stretch of bytes that has changed. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** Writes numbers into the bytes of a file. */
export class ValueSheet {
  readonly bytes: Uint8Array
  readonly #valuesAt: number
  readonly #layout: Layout
  readonly #view: DataView
  readonly #littleEndian: boolean

  constructor({ bytes, valuesAt }: MmvBytes, layout: Layout, littleEndian: boolean) {
    this.bytes = bytes
    this.#valuesAt = valuesAt
    this.#layout = layout
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#littleEndian = littleEndian
  }

  /** Puts the numbers of now in their places, and gives the stretch from the first to the last that differs; undefined where none does. */
  refresh(): Stretch | undefined {
    const { metrics, values } = this.#layout
    let start: number | undefined
    let end = 0
    for (const [index, number] of this.#layout.read().entries()) {
      const at = this.#valuesAt + index * valueBytes
      const before = this.#view.getBigUint64(at, this.#littleEndian)
      const { type } = metrics[values[index]?.metric ?? -1] ?? {}
      if (type === 'u64') this.#view.setBigUint64(at, BigInt(number), this.#littleEndian)
      else this.#view.setFloat64(at, number, this.#littleEndian)
      if (this.#view.getBigUint64(at, this.#littleEndian) === before) continue
      start ??= at
      end = at + 8
    }
    return start === undefined ? undefined : { start, end }
  }
}
