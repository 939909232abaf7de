// A body that is sent piece by piece: knows whether its sending has begun, and keeps its own failures apart from those of the wire.
import { ServiceError } from '../core/errors.ts'

/** Reads the source once, for whoever sends it. */
export class OutgoingBody implements AsyncIterableIterator<Uint8Array> {
  /** Whether some of it, and with it the headers, may have been written. */
  begun = false
  /** What the source threw. */
  failure: ServiceError | undefined
  readonly #source: AsyncIterator<Uint8Array>
  #over = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#over) return { done: true, value: undefined }
    try {
      const piece = await this.#source.next()
      this.begun = true
      if (piece.done) this.#over = true
      return piece
    } catch (thrown) {
      this.#over = true
      this.failure =
        thrown instanceof ServiceError
          ? thrown
          : new ServiceError('internal', 'the body of the request failed', { retry: 'never', cause: thrown })
      throw thrown
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.stop()
    return { done: true, value: undefined }
  }

  /** Lets the source go; nobody waits for it, since it may hang. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    void Promise.resolve(this.#source.return?.()).catch(() => {})
  }
}
