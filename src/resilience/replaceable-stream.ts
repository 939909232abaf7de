// ReplaceableStream: a response stream that another one takes the place of when it fails before its first message; apart from retry and fallback, which know by what.
import { closeUnread } from '../core/streams.ts'

/** What knows what comes in place of a stream, and hears how it went. */
export interface Replacement<T> {
  /** Gives what takes the place of a stream that failed with this. When nothing does, it throws what the reader gets. */
  replace(thrown: unknown): Promise<AsyncIterable<T>>
  /** The first message has come, or the end without one: nothing is replaced any more. */
  begun?(): void
  /** The reader has left: nothing is replaced any more, and nobody waits for what is on its way. */
  left?(): void
}

/** Reads a stream, and others in its place as long as each fails before it gave anything. Whoever leaves is let go at once. */
export class ReplaceableStream<T> implements AsyncIterableIterator<T> {
  #from: AsyncIterator<T>
  readonly #by: Replacement<T>
  /** Settles with the first result; undefined until somebody asks. */
  #first: Promise<IteratorResult<T>> | undefined = undefined
  #isSettled = false
  #isLeft = false
  /** Ends the wait for a replacement. */
  #endWait: (() => void) | undefined = undefined

  constructor(source: AsyncIterable<T>, by: Replacement<T>) {
    this.#from = source[Symbol.asyncIterator]()
    this.#by = by
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#isLeft) return Promise.resolve({ done: true, value: undefined })
    if (this.#isSettled) return this.#from.next()
    if (this.#first !== undefined) {
      const next = () => this.next()
      return this.#first.then(next, next)
    }
    this.#first = this.#begin()
    return this.#first
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.#isLeft) {
      this.#isLeft = true
      this.#by.left?.()
      this.#endWait?.()
    }
    await this.#from.return?.()
    return { done: true, value: undefined }
  }

  async #begin(): Promise<IteratorResult<T>> {
    try {
      for (;;) {
        try {
          const result = await this.#from.next()
          if (!this.#isLeft) this.#by.begun?.()
          return result
        } catch (thrown) {
          if (this.#isLeft) throw thrown
          const other = await this.#unlessLeft(this.#by.replace(thrown))
          if (other === undefined) return { done: true, value: undefined }
          this.#from = other[Symbol.asyncIterator]()
        }
      }
    } finally {
      this.#isSettled = true
    }
  }

  /** Gives what comes, or undefined as soon as the reader has left: what comes after that is closed. */
  async #unlessLeft(coming: Promise<AsyncIterable<T>>): Promise<AsyncIterable<T> | undefined> {
    const other = await new Promise<AsyncIterable<T> | undefined>((resolve, reject) => {
      this.#endWait = () => resolve(undefined)
      coming.then((stream) => (this.#isLeft ? closeUnread(stream) : resolve(stream)), reject)
    })
    this.#endWait = undefined
    if (!this.#isLeft) return other
    if (other !== undefined) closeUnread(other)
    return undefined
  }
}
