// WrappedRun: one run of an endpoint inside of a policy of others, which may give up on it without its knowing.
import type { CancelableContext, Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import type { ServiceError } from '../core/errors.ts'
import { isAsyncIterable, observed } from '../core/streams.ts'
import { untilOver } from './until-over.ts'

/** Runs once, with a context of its own. */
export class WrappedRun<Req, Res> {
  readonly #next: Endpoint<Req, Res>
  readonly #request: Req
  readonly #own: CancelableContext
  #failure: { readonly thrown: unknown } | undefined
  #isRunning = false

  constructor(next: Endpoint<Req, Res>, request: Req, ctx: Context) {
    this.#next = next
    this.#request = request
    this.#own = ctx.withCancel()
  }

  /** Runs the endpoint; settles at the latest when the call is over. A stream of responses keeps the context until its end. */
  async begin(): Promise<Res> {
    const own = this.#own
    this.#isRunning = true
    try {
      const response = await untilOver(own, () => this.#next(this.#request, own))
      if (isAsyncIterable(response)) return observed(response, { onEnd: () => own[Symbol.dispose]() }) as Res
      own[Symbol.dispose]()
      return response
    } catch (thrown) {
      this.#failure = { thrown }
      own[Symbol.dispose]()
      throw thrown
    } finally {
      this.#isRunning = false
    }
  }

  /** Whether it is what the endpoint failed with, and not an error of who wraps it. */
  hasThrown(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure.thrown === error
  }

  /** Calls it off, if it still runs: nobody waits for it any more. */
  cancel(cause: ServiceError): void {
    if (this.#isRunning) this.#own.cancel(cause)
  }
}
