// Carries values from a producer to a consumer that waits for them, and makes the producer wait in turn when too many lie
// between them: one direction of a stream inside the process.

import { checkNumber } from './check.ts'
import { RingBuffer } from './ring-buffer.ts'

/** How much an AsyncQueue buffers, and who is told when its reader leaves. */
export interface AsyncQueueOptions {
  /** How many values may lie in the queue before a push has to wait; at least 1. @default 16 */
  readonly capacity?: number | undefined
  /** Called once, when the reader leaves through `return()` before it was told the end. */
  readonly onReturn?: (() => void) | undefined
}

/**
 * 'ended' and 'failed' have yet to tell the reader so, after what is buffered; 'finished' means that it knows, or that it
 * has left.
 */
type State = 'open' | 'ended' | 'failed' | 'finished'

type Result<T> = IteratorResult<T, undefined>

const DONE: Result<never> = Object.freeze({ value: undefined, done: true })

/**
 * A queue with back-pressure, read with `for await`. Values arrive once each, in the order of the pushes; several readers
 * are served in the order of their `next()` calls. Once one side has closed it, no promise stays pending: neither that of
 * a push nor that of a `next()`. Throws a RangeError for a `capacity` that is no integer of at least 1.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #capacity: number
  readonly #onReturn: (() => void) | undefined
  // The first `capacity` values are buffered. Each one beyond belongs to the waiting push at the same place in #pushes.
  readonly #values = new RingBuffer<T>()
  readonly #pushes = new RingBuffer<(accepted: boolean) => void>()
  readonly #readers = new RingBuffer<PromiseWithResolvers<Result<T>>>()
  #state: State = 'open'
  #error: unknown

  constructor(options: AsyncQueueOptions = {}) {
    this.#capacity = checkNumber('capacity', options.capacity ?? 16, { min: 1, integer: true })
    this.#onReturn = options.onReturn
  }

  /** How many values are buffered; those of waiting pushes do not count. */
  get length(): number {
    return Math.min(this.#values.length, this.#capacity)
  }

  /**
   * Adds a value. True at once while there is room or a waiting reader; a promise of true when it has to wait for room;
   * false, now or later, when the value will reach nobody because the queue was closed.
   */
  push(value: T): Promise<boolean> | boolean {
    if (this.#state !== 'open') return false
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader.resolve({ value, done: false })
      return true
    }
    this.#values.push(value)
    if (this.#values.length <= this.#capacity) return true
    return new Promise((resolve) => {
      this.#pushes.push(resolve)
    })
  }

  /** Lets the reader finish after the values pushed so far, those of waiting pushes included. The first close counts. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#settle(true)
  }

  /**
   * Lets the reader fail after the values pushed so far: one `next()` rejects with `error`, later ones are done. With
   * `now` those values are dropped first, even when `end()` or `fail()` had promised them. The first close counts otherwise.
   */
  fail(error: unknown, { now = false }: { readonly now?: boolean | undefined } = {}): void {
    if (this.#state !== 'open' && !(now && this.#values.length > 0)) return
    this.#state = 'failed'
    this.#error = error
    if (now) this.#values.clear()
    this.#settle(!now)
  }

  /** Takes the next value, or waits for it. Rejects with the error given to `fail()`, once. */
  next(): Promise<Result<T>> {
    if (this.#values.length > 0) {
      // Not empty, so undefined is a value here only when T has it.
      const value = this.#values.shift() as T
      this.#pushes.shift()?.(true)
      return Promise.resolve({ value, done: false })
    }
    if (this.#state === 'open') {
      const reader = Promise.withResolvers<Result<T>>()
      this.#readers.push(reader)
      return reader.promise
    }
    if (this.#state === 'failed') return Promise.reject(this.#finish())
    this.#finish()
    return Promise.resolve(DONE)
  }

  /** Ends the reading: what is buffered is dropped, and waiting pushes are told false. Rejects with what `onReturn` throws. */
  async return(): Promise<Result<T>> {
    if (this.#state === 'finished') return DONE
    this.#finish()
    this.#values.clear()
    this.#settle(false)
    this.#onReturn?.()
    return DONE
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Leaves no promise pending once the queue is closed. A waiting push need not wait for room any longer: nobody can push
   * after it, so there is nothing left to hold back.
   */
  #settle(accepted: boolean): void {
    for (let push = this.#pushes.shift(); push !== undefined; push = this.#pushes.shift()) push(accepted)
    // Readers only wait while nothing is buffered, so they are next to learn the end.
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      if (this.#state === 'failed') reader.reject(this.#finish())
      else reader.resolve(DONE)
      this.#finish()
    }
  }

  /** Returns the error that is still to be told, and drops it. */
  #finish(): unknown {
    const error = this.#error
    this.#state = 'finished'
    this.#error = undefined
    return error
  }
}
