// Repeating a call with streams: as long as no message has come, and none of the caller's has been read.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { returnsStream, sendsStream } from '../core/method.ts'
import { closeQuietly, isAsyncIterable } from '../core/streams.ts'
import { Attempts } from './attempts.ts'

/** What decides on further attempts. */
export interface Repetition {
  /** Waits until the next attempt, and gives the context for it. Rejects with what goes up when there is none. */
  beforeNext(ctx: Context, attempts: Attempts): Promise<Context>
  /** An attempt beyond the first has succeeded. */
  recovered(): void
}

/** Calls, and again while that is possible. */
export function repeatedStream<Req, Res>(
  next: Endpoint<Req, Res>,
  request: Req,
  ctx: Context,
  repetition: Repetition,
): Promise<Res> {
  return new RepeatedCall(next, request, ctx, repetition).first()
}

class RepeatedCall<Req, Res> {
  readonly #next: Endpoint<Req, Res>
  readonly #request: Req
  readonly #requests: ReplayedUntilRead | undefined
  readonly #ctx: Context
  readonly #repetition: Repetition
  #attempts: Attempts | undefined
  #isLeft = false

  constructor(next: Endpoint<Req, Res>, request: Req, ctx: Context, repetition: Repetition) {
    this.#next = next
    this.#requests = sendsStream(ctx.method) && isAsyncIterable(request) ? new ReplayedUntilRead(request) : undefined
    this.#request = (this.#requests ?? request) as Req
    this.#ctx = ctx
    this.#repetition = repetition
  }

  async first(): Promise<Res> {
    const response = await this.#answer(this.#ctx)
    return returnsStream(this.#ctx.method) && isAsyncIterable(response)
      ? (new RepeatedStream(response, this) as Res)
      : response
  }

  /** What failed in place of a response, or of the first message: gives what a further attempt gives. */
  async again(thrown: unknown): Promise<Res> {
    if (this.#attempts === undefined) this.#attempts = new Attempts(thrown)
    else this.#attempts.add(thrown)
    if (this.#requests?.isRead) throw this.#attempts.error()
    let ctx: Context
    try {
      ctx = await this.#repetition.beforeNext(this.#ctx, this.#attempts)
      if (this.#isLeft) throw this.#attempts.error()
    } catch (error) {
      this.#requests?.drop()
      throw error
    }
    return this.#answer(ctx)
  }

  /** The first message has come, or the only response. */
  begun(): void {
    this.#requests?.settle()
    if (this.#attempts !== undefined) this.#repetition.recovered()
  }

  /** Nobody waits for a further attempt. */
  leave(): void {
    this.#isLeft = true
    this.#requests?.settle()
  }

  async #answer(ctx: Context): Promise<Res> {
    try {
      const response = await this.#next(this.#request, ctx)
      if (!returnsStream(ctx.method)) this.begun()
      return response
    } catch (thrown) {
      return this.again(thrown)
    }
  }
}

/** The responses: until the first one has come, a failure is followed by another attempt. */
class RepeatedStream implements AsyncIterableIterator<unknown> {
  #from: AsyncIterator<unknown>
  readonly #call: Pick<RepeatedCall<unknown, unknown>, 'again' | 'begun' | 'leave'>
  #hasBegun = false
  #isLeft = false
  /** The wait for the first message: others that ask meanwhile wait for it. */
  #first: Promise<IteratorResult<unknown>> | undefined

  constructor(
    responses: AsyncIterable<unknown>,
    call: Pick<RepeatedCall<unknown, unknown>, 'again' | 'begun' | 'leave'>,
  ) {
    this.#from = responses[Symbol.asyncIterator]()
    this.#call = call
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#hasBegun) return this.#from.next()
    if (this.#first === undefined) {
      this.#first = this.#begin()
      return this.#first
    }
    const after = () => this.#from.next()
    return this.#first.then(after, after)
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#isLeft = true
    this.#call.leave()
    await this.#from.return?.()
    return { done: true, value: undefined }
  }

  async #begin(): Promise<IteratorResult<unknown>> {
    for (;;) {
      try {
        const result = await this.#from.next()
        this.#hasBegun = true
        this.#call.begun()
        return result
      } catch (thrown) {
        if (this.#isLeft) throw thrown
        const stream = await this.#call.again(thrown)
        this.#from = (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]()
        if (this.#isLeft) closeQuietly(this.#from)
      }
    }
  }
}

/** A stream of requests that may be offered again until something has been read of it. */
class ReplayedUntilRead implements AsyncIterable<unknown> {
  readonly #source: AsyncIterator<unknown>
  isRead = false
  /** What the present attempt reads by. */
  #reader: AsyncIterator<unknown> | undefined
  /** Whether the present attempt has left without reading. */
  #isLeft = false
  #isLast = false

  constructor(requests: AsyncIterable<unknown>) {
    this.#source = requests[Symbol.asyncIterator]()
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    let isClosed = false
    const reader: AsyncIterator<unknown> = {
      next: () => {
        if (isClosed) return Promise.resolve({ done: true, value: undefined })
        // An attempt that was given up and goes on must not take the messages of the one that is made now.
        if (this.#reader !== reader) return Promise.reject(new ServiceError('canceled', 'another attempt has begun'))
        this.isRead = true
        return this.#source.next()
      },
      return: async () => {
        isClosed = true
        if (this.#reader === reader) {
          this.#isLeft = true
          // Whoever leaves without having read may be followed by another attempt.
          if (this.isRead || this.#isLast) await this.#source.return?.()
        }
        return { done: true, value: undefined }
      },
    }
    this.#reader = reader
    this.#isLeft = false
    return reader
  }

  /** The present attempt is the last one. */
  settle(): void {
    if (this.#isLast) return
    this.#isLast = true
    if (this.#isLeft) this.drop()
  }

  /** There is no further attempt. */
  drop(): void {
    if (!this.isRead) closeQuietly(this.#source)
  }
}
