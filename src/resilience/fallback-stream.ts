// FallbackStream: a response stream that is replaced when it fails before its first message; apart from fallback, which knows why.
import { closeUnread } from '../core/streams.ts'

/** Reads a stream, and another one in its place when that fails before it gave anything. */
export class FallbackStream<T> implements AsyncIterableIterator<T> {
  #from: AsyncIterator<T>
  readonly #replace: (thrown: unknown) => Promise<AsyncIterable<T>>
  /** Settles with the first result; undefined until somebody asks. */
  #first: Promise<IteratorResult<T>> | undefined = undefined
  #hasBegun = false
  #isLeft = false

  /** What `replace` throws is what the reader gets. */
  constructor(source: AsyncIterable<T>, replace: (thrown: unknown) => Promise<AsyncIterable<T>>) {
    this.#from = source[Symbol.asyncIterator]()
    this.#replace = replace
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#isLeft) return Promise.resolve({ done: true, value: undefined })
    if (this.#hasBegun) return this.#from.next()
    if (this.#first !== undefined) {
      const next = () => this.#from.next()
      return this.#first.then(next, next)
    }
    this.#first = this.#ask().then(
      (result) => {
        this.#hasBegun = true
        return result
      },
      (thrown) => this.#askOther(thrown),
    )
    return this.#first
  }

  async return(): Promise<IteratorResult<T>> {
    this.#isLeft = true
    await this.#from.return?.()
    return { done: true, value: undefined }
  }

  /** A source written by hand may throw where it should promise. */
  async #ask(): Promise<IteratorResult<T>> {
    return await this.#from.next()
  }

  async #askOther(thrown: unknown): Promise<IteratorResult<T>> {
    if (this.#isLeft) throw thrown
    const other = await this.#replace(thrown)
    if (this.#isLeft) {
      closeUnread(other)
      throw thrown
    }
    this.#from = other[Symbol.asyncIterator]()
    // Not before: who asks meanwhile would be told the end of the one that failed.
    this.#hasBegun = true
    return this.#from.next()
  }
}
