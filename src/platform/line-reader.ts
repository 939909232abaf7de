// Cuts bytes into lines: how NDJSON, and what else comes line by line, is read.
import { ServiceError } from '../core/errors.ts'
import { ByteCollector } from '../primitives/byte-collector.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const nothing = new Uint8Array()

/** Cuts what is pushed into lines, without their ends. Lines that are empty are left out. */
export class LineReader {
  readonly #maxBytes: number
  /** A line whose end has not come. */
  readonly #begun = new ByteCollector()

  /** A line may have `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that a chunk completes. Throws `invalid_argument` when one is too long, after which nothing may be pushed. */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = []
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      const line = this.#take(chunk.subarray(from, end))
      from = end + 1
      if (line.length > 0) lines.push(line)
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
    return lines
  }

  /** The last line, when it had no end; empty for none. */
  rest(): Uint8Array {
    return this.#take(nothing)
  }

  #keep(piece: Uint8Array): void {
    this.#begun.push(piece)
    // A carriage return is none of the message if the line ends behind it.
    this.#check(this.#begun.length - Number(piece.at(-1) === carriageReturn))
  }

  #check(bytes: number): void {
    if (bytes > this.#maxBytes)
      throw new ServiceError('invalid_argument', `a message is larger than ${this.#maxBytes} bytes`)
  }

  #take(last: Uint8Array): Uint8Array {
    let line = last
    if (this.#begun.length > 0) {
      this.#begun.push(last)
      line = this.#begun.take()
    }
    const message = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
    this.#check(message.length)
    return message
  }
}

/** The lines of a stream of bytes; the last one needs no end. Fails as `push` does. */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new LineReader(maxBytes)
  for await (const chunk of source) yield* reader.push(chunk)
  const rest = reader.rest()
  if (rest.length > 0) yield rest
}
