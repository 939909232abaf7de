// A stream whose first message has been asked for before anybody reads it.

/** Asks for the first message at once, and gives it to its reader with the rest. */
export class BegunStream implements AsyncIterableIterator<unknown> {
  /** Settles with the first message, or the end. */
  readonly first: Promise<IteratorResult<unknown>>
  readonly #source: AsyncIterator<unknown>
  #isRead = false

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source[Symbol.asyncIterator]()
    this.first = this.#source.next()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#isRead) return this.#source.next()
    this.#isRead = true
    return this.first
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#source.return?.()
    return { done: true, value: undefined }
  }
}
