// LimitedCall: one call with a single response that must come in time, the race of a timeout, as one object that is its own listener.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import { type Context, listen } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError, unsharedError } from '../core/errors.ts'
import { withoutStack } from '../core/without-stack.ts'

/** Who hears of what happens to its calls. */
export interface LimitOwner {
  /** The limit was reached. */
  timedOut(ctx: Context, timeoutMs: number): void
  /** A response came when its caller had been told that there is none. */
  late(ctx: Context): void
}

// A client counts the same limit from when its call was made, a moment before it came here.
const momentMs = 5

/** Settles with what comes first: the response, the limit, or the end of the caller's context. */
export class LimitedCall<Res> implements Listener {
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly #owner: LimitOwner
  readonly #ctx: Context
  /** Undefined where the caller's deadline is the earlier one: a context of our own would say nothing new. */
  readonly #own: (Context & Disposable) | undefined
  readonly #limitMs: number
  /** When the limit is reached; Infinity for none. */
  readonly #deadlineAt: number
  readonly #resolve: (response: Res) => void
  readonly #reject: (error: unknown) => void
  #open: boolean

  constructor(
    owner: LimitOwner,
    ctx: Context,
    limitMs: number,
    resolve: (response: Res) => void,
    reject: (error: unknown) => void,
  ) {
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.#owner = owner
    this.#ctx = ctx
    const deadlineAt = limitMs === Infinity ? Infinity : ctx.clock.now() + limitMs
    this.#deadlineAt = deadlineAt
    this.#own = deadlineAt < ctx.deadlineAt ? ctx.withDeadline(deadlineAt) : undefined
    this.#limitMs = limitMs
    this.#resolve = resolve
    this.#reject = reject
    this.#open = true
  }

  run<Req>(next: Endpoint<Req, Res>, request: Req): void {
    const inner = this.#own ?? this.#ctx
    listen(inner, this)
    if (!this.#open) return
    try {
      next(request, inner).then(
        (response) => this.#answer(response),
        (thrown) => this.#fail(thrown),
      )
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** The limit was reached, or the caller's context has ended. */
  fire(cause: unknown): void {
    if (!this.#open) return
    this.#open = false
    if (this.#own === undefined || this.#ctx.aborted) {
      const error = ServiceError.fromAbort(cause)
      if (error.code === 'deadline_exceeded' && this.#deadlineAt <= this.#ctx.deadlineAt + momentMs)
        this.#owner.timedOut(this.#ctx, this.#limitMs)
      this.#reject(error)
      return
    }
    this.#owner.timedOut(this.#ctx, this.#limitMs)
    this.#reject(tooLate(this.#limitMs))
  }

  #answer(response: Res): void {
    if (this.#open) {
      this.#end()
      this.#resolve(response)
    } else {
      this.#owner.late(this.#ctx)
    }
  }

  #fail(thrown: unknown): void {
    if (!this.#open) return
    this.#end()
    this.#reject(thrown)
  }

  /** Lets go of timer and listener. */
  #end(): void {
    this.#open = false
    if (this.#own === undefined) this.list?.remove(this)
    else this.#own[Symbol.dispose]()
  }
}

function tooLate(limitMs: number): ServiceError {
  return withoutStack(() =>
    unsharedError(new ServiceError('deadline_exceeded', `no response came within ${limitMs} ms`)),
  )
}
