// timeout: nobody waits longer than a limit, whether or not what is called listens to its context.
import { callOptions } from '../core/call-options.ts'
import type { Context } from '../core/context.ts'
import type { Endpoint, Middleware } from '../core/endpoint.ts'
import { checkIdleLimits, type IdleLimits } from '../core/idle.ts'
import { longestUnaryMs, returnsStream } from '../core/method.ts'
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { LimitedCall, type LimitOwner } from './limited-call.ts'
import { limitedStream } from './limited-stream.ts'
import type { Policy } from './policy.ts'

/** How long is waited. */
export interface TimeoutOptions {
  /** The limit of a unary call, in milliseconds from 1 to 2^31 - 1, or a function that gives it for each, and fails the call with what it throws; Infinity for none. @default 5_000 */
  readonly timeoutMs?: number | ((ctx: Context) => number) | undefined
  /**
   * What is limited. A `call` has the limit that its caller gave it, else its method's own, else this one; an `attempt`,
   * one of several that a retry makes, has this one. @default 'call'
   */
  readonly of?: 'call' | 'attempt' | undefined
  /** How long a stream of responses may be silent; a method's own limits come first. @default {} */
  readonly streamLimits?: IdleLimits | undefined
  /** Told of each call that reached its limit. @default nothing */
  readonly onTimeout?: ((event: TimeoutEvent) => void) | undefined
  /** Told of each response that came after its caller had been told that there is none, and was dropped. @default nothing */
  readonly onLateResult?: ((event: LateResultEvent) => void) | undefined
}

/** A call or an attempt took too long. */
export interface TimeoutEvent {
  readonly ctx: Context
  readonly of: 'call' | 'attempt'
  /** The limit that was reached, in milliseconds. */
  readonly timeoutMs: number
}

/** A response came too late. */
export interface LateResultEvent {
  readonly ctx: Context
}

/** How a timeout is set, and what it has done. */
export interface TimeoutSnapshot {
  readonly of: 'call' | 'attempt'
  /** Undefined where it is another one for each call. */
  readonly timeoutMs: number | undefined
  /** How many calls reached their limit. */
  readonly timedOut: number
  /** How many responses came too late. */
  readonly late: number
}

/**
 * Limits how long a call takes: never later than the deadline of its caller, and at once when the caller gives up. What is
 * called sees the limit as the deadline of its context; when it does not listen, it goes on, its response is dropped and counted.
 * Fails with `deadline_exceeded`.
 *
 * Unary calls are limited as a whole. A stream of responses must have its first message, and then each further one, within
 * `streamLimits`, of the time that its reader waits; it has no limit as a whole. A stream of requests has none but that of its call or its
 * method. Throws a TypeError or RangeError for an option out of its range.
 */
export function timeout(options: TimeoutOptions = {}): Policy<TimeoutSnapshot> {
  const limit = new TimeLimit(options)
  const middleware: Middleware = (next) => limit.around(next)
  return Object.assign(middleware, { snapshot: () => limit.snapshot() })
}

/** One that is not above 0 has been reached already. */
const anyNumber = { min: -Infinity }

class TimeLimit implements LimitOwner {
  readonly #of: 'call' | 'attempt'
  readonly #timeoutMs: number | ((ctx: Context) => number)
  readonly #streamLimits: IdleLimits | undefined
  readonly #onTimeout: TimeoutOptions['onTimeout']
  readonly #onLateResult: TimeoutOptions['onLateResult']
  #timedOut = 0
  #late = 0

  constructor({ timeoutMs = 5_000, of = 'call', streamLimits, onTimeout, onLateResult }: TimeoutOptions) {
    if (of !== 'call' && of !== 'attempt')
      throw new TypeError(`of must be 'call' or 'attempt', but is ${JSON.stringify(of)}`)
    checkIdleLimits(streamLimits)
    this.#of = of
    this.#timeoutMs =
      typeof timeoutMs === 'function' ? timeoutMs : checkNumber('timeoutMs', timeoutMs, { min: 1, max: longestUnaryMs })
    this.#streamLimits = streamLimits
    this.#onTimeout = onTimeout
    this.#onLateResult = onLateResult
  }

  around<Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> {
    return (request, ctx) => {
      try {
        const limitMs = this.#limitOf(ctx)
        if (returnsStream(ctx.method)) {
          const limits = ctx.method.streamLimits ?? this.#streamLimits
          return limitedStream(next, request, ctx, { limitMs, limits, owner: this })
        }
        return new Promise((resolve, reject) => {
          new LimitedCall(this, ctx, limitMs, resolve, reject).run(next, request)
        })
      } catch (thrown) {
        return Promise.reject(thrown)
      }
    }
  }

  timedOut(ctx: Context, timeoutMs: number): void {
    this.#timedOut++
    tell(this.#onTimeout, { ctx, of: this.#of, timeoutMs })
  }

  late(ctx: Context): void {
    this.#late++
    tell(this.#onLateResult, { ctx })
  }

  snapshot(): TimeoutSnapshot {
    const timeoutMs = typeof this.#timeoutMs === 'number' ? this.#timeoutMs : undefined
    return { of: this.#of, timeoutMs, timedOut: this.#timedOut, late: this.#late }
  }

  #limitOf(ctx: Context): number {
    const { method } = ctx
    const own = this.#of === 'call' ? (ctx.get(callOptions)?.timeoutMs ?? method.timeoutMs) : undefined
    if (own !== undefined) return own
    if (method.kind !== 'unary') return Infinity
    if (typeof this.#timeoutMs === 'number') return this.#timeoutMs
    // What is not a number would be no limit at all.
    return checkNumber('timeoutMs', this.#timeoutMs(ctx), anyNumber)
  }
}
