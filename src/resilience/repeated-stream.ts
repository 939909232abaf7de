// repeatedStream: repeats a call with streams, as long as no message has come, and none of the caller's has been read.
import type { Abortable } from '../core/clock.ts'
import type { CancelableContext, Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { returnsStream, sendsStream } from '../core/method.ts'
import { closeQuietly, isAsyncIterable } from '../core/streams.ts'
import { Attempts } from './attempts.ts'
import { ReplaceableStream, type Replacement } from './replaceable-stream.ts'

/** What decides on further attempts. */
export interface Repetition {
  /**
   * Waits until the next attempt, for no longer than somebody waits for it, and gives the context for it. Rejects with what goes up
   * when there is none.
   */
  beforeNext(ctx: Context, attempts: Attempts, waiting: Abortable): Promise<Context>
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

class RepeatedCall<Req, Res> implements Replacement<unknown> {
  readonly #next: Endpoint<Req, Res>
  readonly #request: Req
  readonly #requests: ReplayedUntilRead | undefined
  readonly #ctx: Context
  readonly #repetition: Repetition
  #attempts: Attempts | undefined
  /** Ends when nobody waits for a further attempt: nothing else would end one then, since whoever leaves lets go of its own context. */
  #waiting: CancelableContext | undefined
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
      ? (new ReplaceableStream(response, this) as Res)
      : response
  }

  async replace(thrown: unknown): Promise<AsyncIterable<unknown>> {
    return (await this.#again(thrown)) as AsyncIterable<unknown>
  }

  begun(): void {
    this.#requests?.settle()
    if (this.#attempts !== undefined) this.#repetition.recovered()
  }

  left(): void {
    this.#isLeft = true
    this.#requests?.settle()
    this.#waiting?.cancel()
  }

  async #answer(ctx: Context): Promise<Res> {
    try {
      const response = await this.#next(this.#request, ctx)
      if (!returnsStream(ctx.method)) this.begun()
      return response
    } catch (thrown) {
      return this.#again(thrown)
    }
  }

  /** What failed in place of a response, or of the first message: gives what a further attempt gives. */
  async #again(thrown: unknown): Promise<Res> {
    if (this.#attempts === undefined) this.#attempts = new Attempts(thrown)
    else this.#attempts.add(thrown)
    if (this.#requests?.isRead) throw this.#attempts.error()
    let ctx: Context
    try {
      ctx = await this.#beforeNext(this.#attempts)
    } catch (error) {
      this.#requests?.drop()
      throw error
    }
    const own = ctx.withCancel()
    this.#waiting = own
    try {
      return await this.#answer(own)
    } finally {
      // What leaves later closes the stream that has come.
      if (this.#waiting === own) this.#waiting = undefined
    }
  }

  async #beforeNext(attempts: Attempts): Promise<Context> {
    if (this.#isLeft) throw attempts.error()
    using waiting = this.#ctx.withCancel()
    this.#waiting = waiting
    const ctx = await this.#repetition.beforeNext(this.#ctx, attempts, waiting)
    if (this.#isLeft) throw attempts.error()
    return ctx
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
  #isDropped = false

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
    if (this.isRead || this.#isDropped) return
    this.#isDropped = true
    closeQuietly(this.#source)
  }
}
