// Lines in batches that a server takes: so many lines and so many bytes at most.

/** How large a batch may be. */
export interface BatchLimits {
  readonly maxLines: number
  /** Only a single longer line exceeds it. */
  readonly maxBytes: number
}

/** Collects lines that end with a line feed. */
export class Batches {
  readonly #limits: BatchLimits
  readonly #full: string[] = []
  #text = ''
  #bytes = 0
  #lines = 0

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  add(line: string): void {
    const bytes = Buffer.byteLength(line)
    const { maxLines, maxBytes } = this.#limits
    if (this.#lines === maxLines || (this.#lines > 0 && this.#bytes + bytes > maxBytes)) this.#cut()
    this.#text += line
    this.#bytes += bytes
    this.#lines++
  }

  /** All that was added. */
  take(): string[] {
    if (this.#lines > 0) this.#cut()
    return this.#full.splice(0)
  }

  #cut(): void {
    this.#full.push(this.#text)
    this.#text = ''
    this.#bytes = 0
    this.#lines = 0
  }
}

/** A batch in two, of at least a line each; undefined for a single line. */
export function halves(batch: string): [first: string, second: string] | undefined {
  // The end of the line that the middle is in, or that of the line before where this one is the last.
  const middle = batch.indexOf('\n', batch.length >> 1)
  const end = middle === batch.length - 1 ? batch.lastIndexOf('\n', middle - 1) : middle
  return end === -1 ? undefined : [batch.slice(0, end + 1), batch.slice(end + 1)]
}
