// Turns text into chunks of UTF-8, late and in one go: until then a line has cost no more than being appended to a string.

const newline = '\n'
// Chunks are written one behind the other into blocks that nobody else uses: a Buffer's own pool would be held, whole, by a few of our bytes.
const blockBytes = 65_536

/** Encodes lines that end with a line feed. Chunks end where lines end, never within a character. */
export class LineEncoder {
  readonly #mostBytes: number
  readonly #isOneEach: boolean
  #bytes: Buffer = Buffer.alloc(0)
  #block: Buffer = this.#bytes
  #usedBytes = blockBytes

  /**
   * A limit makes datagrams: no chunk is larger, and none ends with a line feed. With Infinity each text becomes one chunk; `isOneEach` makes it one with a
   * limit too: a text is one line then, of whatever characters.
   */
  constructor(mostBytes: number, isOneEach = false) {
    this.#mostBytes = mostBytes
    this.#isOneEach = isOneEach
  }

  /** The chunk that was encoded last. It is not changed later. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Encodes as many lines as fit into a chunk, and returns how many characters they have: 0 when the first line alone is too long. */
  encode(text: string): number {
    this.#write(text)
    if (this.#mostBytes === Infinity) return text.length
    if (this.#isOneEach) return this.#bytes.length > this.#mostBytes ? 0 : text.length
    const fits = this.#bytes.length - 1 <= this.#mostBytes ? text.length : this.#fitting(text)
    if (fits < text.length) {
      this.#usedBytes -= this.#bytes.length
      this.#write(text.slice(0, fits))
    }
    this.#bytes = this.#bytes.subarray(0, -1)
    return fits
  }

  /** Only characters that are not ASCII can make a text too long, so there are few lines to be taken away, and they are at its end. */
  #fitting(text: string): number {
    let end = text.length
    for (let bytes = this.#bytes.length; bytes - 1 > this.#mostBytes; ) {
      const start = end < 2 ? 0 : text.lastIndexOf(newline, end - 2) + 1
      bytes -= Buffer.byteLength(text.slice(start, end))
      end = start
    }
    return end
  }

  #write(text: string): void {
    // A UTF-16 code unit becomes three bytes at most.
    if (this.#usedBytes + 3 * text.length > blockBytes) {
      const exactBytes = Buffer.byteLength(text)
      if (this.#usedBytes + exactBytes > blockBytes) {
        this.#block = Buffer.allocUnsafeSlow(Math.max(blockBytes, exactBytes))
        this.#usedBytes = 0
      }
    }
    const start = this.#usedBytes
    this.#usedBytes += this.#block.write(text, start)
    this.#bytes = this.#block.subarray(start, this.#usedBytes)
  }
}
