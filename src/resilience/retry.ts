// retry: calls again what failed, where that does no harm and is likely to help.
import { callFailures } from '../core/call-failures.ts'
import type { Abortable } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import type { Endpoint, Middleware } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { attempt as attemptKey } from '../core/inbound.ts'
import { isRefusal } from '../core/refusals.ts'
import { tell } from '../core/tell.ts'
import { triedInstances } from '../core/tried-instances.ts'
import { type BackoffOptions, backoff } from '../primitives/backoff.ts'
import { checkNumber, finite } from '../primitives/check.ts'
import { Attempts } from './attempts.ts'
import type { Policy } from './policy.ts'
import { type Repetition, repeatedStream } from './repeated-stream.ts'
import { checkBudget, type RetryBudget, type RetryBudgetSnapshot, retryBudget } from './retry-budget.ts'
import { isSingle, retryable } from './retryable.ts'

export type { BackoffOptions } from '../primitives/backoff.ts'

/** What is called again, how often, and when. */
export interface RetryOptions {
  /** How many attempts there are at most, the first one included: from 1 to 100. May be changed while running. @default 3 */
  readonly attempts?: number | undefined
  /**
   * How long to wait before the next attempt.
   * @default { initialMs: 25, multiplier: 2, maxMs: 250, jitter: 'full' }
   */
  readonly backoff?: BackoffOptions | undefined
  /** The longest wait that a peer may ask for with `retryAfterMs`, in milliseconds from 0; when it asks for more, its error goes up at once. @default 1_000 */
  readonly maxRetryAfterMs?: number | undefined
  /** What limits repetitions of all calls together; `false` for nothing. @default retryBudget() of its own */
  readonly budget?: RetryBudget | false | undefined
  /** Whether an error is worth another attempt. @default `retryable`: what its `retry` says, and whether the method is idempotent */
  readonly when?: ((error: ServiceError, ctx: Context) => boolean) | undefined
  /** Told of each further attempt, before its delay. @default nothing */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined
  /** Told of each error that goes up although it could have been worth another attempt. @default nothing */
  readonly onGiveUp?: ((event: GiveUpEvent) => void) | undefined
}

/** Another attempt is going to be made. */
export interface RetryEvent {
  readonly ctx: Context
  /** Which attempt it will be, from 2. */
  readonly attempt: number
  /** Why. */
  readonly error: ServiceError
  /** How long until then, in milliseconds. */
  readonly delayMs: number
}

/** Why there is no further attempt: all were made, the budget is spent, the deadline would come first, or who refused asked for a longer wait than `maxRetryAfterMs`. */
export type GiveUpReason = 'attempts' | 'budget' | 'deadline' | 'retry_after'

/** No further attempt is made. */
export interface GiveUpEvent {
  readonly ctx: Context
  /** How many were made. */
  readonly attempts: number
  readonly reason: GiveUpReason
  /** What the caller gets. */
  readonly error: ServiceError
}

/** How long a retry waits. */
export interface RetryBackoffSnapshot {
  readonly initialMs: number
  /** Undefined where each delay but the first is `maxMs`. */
  readonly multiplier: number | undefined
  readonly maxMs: number
  readonly jitter: 'full' | 'none' | number
}

/** How a retry is set, and what it has done. */
export interface RetrySnapshot {
  readonly attempts: number
  readonly backoff: RetryBackoffSnapshot
  /** Undefined where it has no limit. */
  readonly maxRetryAfterMs: number | undefined
  /** How many attempts were made beyond the first. */
  readonly retried: number
  /** How many calls succeeded with one of them. */
  readonly recovered: number
  /** How many errors went up, by the reason. */
  readonly gaveUp: Readonly<Record<GiveUpReason, number>>
  readonly budget: RetryBudgetSnapshot | undefined
}

/** A retry that can be changed while it runs. */
export interface RetryPolicy extends Policy<RetrySnapshot> {
  /** How many attempts there are at most, now. */
  readonly attempts: number
  /** Sets how many attempts there are from the next failure on; 1 makes none. Throws a RangeError for what is out of range. */
  change(options: Pick<RetryOptions, 'attempts'>): void
}

/**
 * Repeats calls that failed, each attempt through all that is within: by what the error says (`retry`) and whether the method is
 * idempotent, with a backoff that honours `retryAfterMs`, within a budget, and never beyond the deadline. After more than one attempt
 * the error is that of the last one, says `never`, so that no layer above repeats it again, and has those of all attempts
 * (`attemptErrors`). A call with `retry: false` is made once.
 *
 * A stream of responses is repeated only until its first message has come, a stream of requests only while nothing has been
 * read of it. Throws a TypeError or RangeError for an option out of its range.
 */
export function retry(options: RetryOptions = {}): RetryPolicy {
  const retries = new Retries(options)
  const middleware: Middleware = (next) => retries.around(next)
  const policy = Object.assign(middleware, {
    change: (changed: Pick<RetryOptions, 'attempts'>) => retries.change(changed),
    snapshot: () => retries.snapshot(),
  })
  return Object.defineProperty(policy, 'attempts', { get: () => retries.attempts }) as RetryPolicy
}

class Retries implements Repetition {
  readonly #backoff: RetryBackoffSnapshot
  readonly #delayMs: (attempt: number) => number
  readonly #maxRetryAfterMs: number
  readonly #budget: RetryBudget | undefined
  readonly #when: (error: ServiceError, ctx: Context) => boolean
  readonly #onRetry: RetryOptions['onRetry']
  readonly #onGiveUp: RetryOptions['onGiveUp']
  readonly #gaveUp: Record<GiveUpReason, number> = { attempts: 0, budget: 0, deadline: 0, retry_after: 0 }
  #attempts = 3
  #retried = 0
  #recovered = 0

  constructor(options: RetryOptions) {
    const { maxRetryAfterMs = 1_000, budget = retryBudget(), when = retryable } = options
    this.change(options)
    const { initialMs = 25, multiplier = 2, maxMs = 250, jitter = 'full', random } = options.backoff ?? {}
    this.#delayMs = backoff({ initialMs, multiplier, maxMs, jitter, random })
    this.#backoff = { initialMs, multiplier: finite(multiplier), maxMs, jitter }
    this.#maxRetryAfterMs = checkNumber('maxRetryAfterMs', maxRetryAfterMs, { min: 0 })
    this.#budget = budget === false ? undefined : checkBudget(budget)
    this.#when = when
    this.#onRetry = options.onRetry
    this.#onGiveUp = options.onGiveUp
  }

  around<Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> {
    return (request, ctx) => {
      this.#budget?.record(ctx.clock)
      if (ctx.method.kind !== 'unary') return repeatedStream(next, request, ctx, this)
      try {
        return next(request, ctx).then(undefined, (thrown) => this.#repeat(next, request, ctx, thrown))
      } catch (thrown) {
        return this.#repeat(next, request, ctx, thrown)
      }
    }
  }

  change({ attempts = this.#attempts }: Pick<RetryOptions, 'attempts'>): void {
    this.#attempts = checkNumber('attempts', attempts, { min: 1, max: 100, integer: true })
  }

  snapshot(): RetrySnapshot {
    return {
      attempts: this.#attempts,
      backoff: this.#backoff,
      maxRetryAfterMs: finite(this.#maxRetryAfterMs),
      retried: this.#retried,
      recovered: this.#recovered,
      gaveUp: { ...this.#gaveUp },
      budget: this.#budget?.snapshot(),
    }
  }

  get attempts(): number {
    return this.#attempts
  }

  recovered(): void {
    this.#recovered++
  }

  async beforeNext(ctx: Context, attempts: Attempts, waiting: Abortable): Promise<Context> {
    const last = attempts.last
    if (ctx.aborted || this.#attempts === 1 || isSingle(ctx) || this.#when(last, ctx) !== true) throw attempts.error()
    if (attempts.count >= this.#attempts) throw this.#giveUp(ctx, attempts, 'attempts', attempts.error())
    // What a policy within said is about one instance, and the next attempt goes to another. A handler may have said a moment that has passed, or NaN.
    const isElsewhere = isRefusal(last) && ctx.get(triedInstances) !== undefined
    const retryAfterMs = isElsewhere ? 0 : Math.max(0, last.retryAfterMs || 0)
    const now = ctx.clock.now()
    const delayMs = retryAfterMs + this.#delayMs(attempts.count - 1)
    if (retryAfterMs > this.#maxRetryAfterMs) throw this.#giveUp(ctx, attempts, 'retry_after', attempts.error())
    if (now + delayMs >= ctx.deadlineAt) throw this.#giveUp(ctx, attempts, 'deadline', attempts.error())
    // What a policy within refused has been no load for anybody.
    if (!isRefusal(last) && this.#budget?.take(now) === false)
      throw this.#giveUp(ctx, attempts, 'budget', attempts.final())
    const attempt = attempts.count + 1
    ctx.get(callFailures)?.noteFailure(last)
    tell(this.#onRetry, { ctx, attempt, error: last, delayMs })
    try {
      await ctx.clock.sleep(delayMs, waiting)
    } catch (cause) {
      if (!isRefusal(last)) this.#budget?.giveBack()
      attempts.add(ServiceError.fromAbort(cause))
      throw attempts.error()
    }
    this.#retried++
    return ctx.with(attemptKey, attempt)
  }

  async #repeat<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context, thrown: unknown): Promise<Res> {
    const attempts = new Attempts(thrown)
    for (;;) {
      const again = await this.beforeNext(ctx, attempts, ctx)
      try {
        const response = await next(request, again)
        this.#recovered++
        return response
      } catch (thrownAgain) {
        attempts.add(thrownAgain)
      }
    }
  }

  #giveUp(ctx: Context, attempts: Attempts, reason: GiveUpReason, error: unknown): unknown {
    this.#gaveUp[reason]++
    tell(this.#onGiveUp, { ctx, attempts: attempts.count, reason, error: ServiceError.from(error) })
    return error
  }
}
