// Puts a body together that comes in pieces, however small they are.

const nothing = new Uint8Array()
const leastBytes = 1_024

/**
 * Collects pieces. One alone is kept as it is; more are copied, since a stranger who sends a body byte by byte would
 * otherwise have an object kept for each.
 */
export class ByteCollector {
  #length = 0
  /** The only piece so far, or a room of which the first `#length` bytes are filled. */
  #room: Uint8Array = nothing
  #isOwn = false

  /** How many bytes were pushed. */
  get length(): number {
    return this.#length
  }

  /** Adds a piece, which must not be changed as long as it is the only one. */
  push(piece: Uint8Array): void {
    if (this.#length === 0) {
      this.#room = piece
      this.#isOwn = false
      this.#length = piece.length
      return
    }
    const length = this.#length + piece.length
    if (!this.#isOwn || length > this.#room.length) this.#move(Math.max(leastBytes, 2 * length))
    this.#room.set(piece, this.#length)
    this.#length = length
  }

  /** All that was pushed, and forgets it. */
  take(): Uint8Array {
    const whole = this.#length === this.#room.length ? this.#room : this.#room.subarray(0, this.#length)
    this.#room = nothing
    this.#isOwn = false
    this.#length = 0
    return whole
  }

  #move(bytes: number): void {
    const room = new Uint8Array(bytes)
    room.set(this.#room.subarray(0, this.#length))
    this.#room = room
    this.#isOwn = true
  }
}
