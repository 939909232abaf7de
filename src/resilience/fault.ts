// fault: delays, errors and silence on purpose, to see what they do to a system; off unless armed.
import { type Clock, systemClock } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import type { Middleware } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import {
  checkedFaults,
  type DelayFault,
  type DropFault,
  type ErrorFault,
  type FaultEvent,
  type FaultOptions,
  type FaultSnapshot,
} from './fault-options.ts'
import type { Policy } from './policy.ts'

export type { DelayFault, DropFault, ErrorFault, FaultEvent, FaultOptions, FaultSnapshot } from './fault-options.ts'

/** Faults that can be switched on and off while the program runs. */
export interface Fault extends Policy<FaultSnapshot> {
  /** Has calls get faults from now on, for `forMs` milliseconds (at least 0) or until `disarm`. */
  arm(options?: { readonly forMs?: number | undefined }): void
  /** Lets calls alone from now on; those that have a fault keep it. */
  disarm(): void
}

/**
 * Injects faults into calls while it is armed. A call that is dropped is neither made nor answered: its caller gets the error of its
 * own cancellation or deadline. A call that is not may be delayed, and then fail in place of being made; a delay ends with the
 * caller's time. For all four kinds of methods faults come before the call begins: a stream that has begun is let alone.
 *
 * Throws a RangeError or TypeError that names the option for a value that makes no sense.
 */
export function fault(options: FaultOptions): Fault {
  const faults = new Faults(options)
  const middleware: Middleware = (next) => (request, ctx) => {
    if (!faults.isArmed()) return next(request, ctx)
    return faults.before(ctx)?.then(() => next(request, ctx)) ?? next(request, ctx)
  }
  return Object.assign(middleware, {
    arm: (limit?: { readonly forMs?: number | undefined }) => faults.arm(limit?.forMs ?? Infinity),
    disarm: () => faults.disarm(),
    snapshot: () => faults.snapshot(),
  })
}

class Faults {
  readonly #delay: DelayFault | undefined
  readonly #error: ErrorFault | undefined
  readonly #drop: DropFault | undefined
  readonly #match: ((ctx: Context) => boolean) | undefined
  readonly #random: Random
  readonly #clock: Clock
  readonly #onFault: ((event: FaultEvent) => void) | undefined
  readonly #counts = { delay: 0, error: 0, drop: 0 }
  /** A moment of the clock; -Infinity while it is not armed. */
  #armedUntil = -Infinity

  constructor(options: FaultOptions) {
    const { match, armed, random, clock, onFault } = options
    const checked = checkedFaults(options)
    this.#delay = checked.delay
    this.#error = checked.error
    this.#drop = checked.drop
    this.#match = match
    this.#random = random ?? systemRandom
    this.#clock = clock ?? systemClock
    this.#onFault = onFault
    if (armed === true) this.arm(Infinity)
  }

  /** Reads the clock only where there is a limit. */
  isArmed(): boolean {
    const until = this.#armedUntil
    if (until === Infinity || until === -Infinity) return until === Infinity
    if (this.#clock.now() < until) return true
    this.disarm()
    return false
  }

  arm(forMs: number): void {
    this.#armedUntil = this.#clock.now() + checkNumber('forMs', forMs, { min: 0 })
  }

  disarm(): void {
    this.#armedUntil = -Infinity
  }

  /** What comes before the call; undefined when nothing does. */
  before(ctx: Context): Promise<void> | undefined {
    try {
      if (this.#match !== undefined && !this.#match(ctx)) return undefined
    } catch (thrown) {
      return Promise.reject(thrown)
    }
    if (this.#isDrawn(this.#drop)) return this.#silence(ctx)
    const delayed = this.#isDrawn(this.#delay) ? this.#wait(ctx) : undefined
    if (!this.#isDrawn(this.#error)) return delayed
    const fail = () => Promise.reject(this.#failure(ctx))
    return delayed?.then(fail) ?? fail()
  }

  snapshot(): FaultSnapshot {
    const armed = this.isArmed()
    const leftMs = this.#armedUntil - this.#clock.now()
    return {
      armed,
      armedForMs: armed && leftMs !== Infinity ? leftMs : undefined,
      delay: this.#delay,
      error: this.#error,
      drop: this.#drop,
      injected: { ...this.#counts },
    }
  }

  #isDrawn(share: { readonly ratio: number } | undefined): boolean {
    return share !== undefined && this.#random() < share.ratio
  }

  #silence(ctx: Context): Promise<never> {
    this.#tell('drop', ctx)
    return new Promise((_, reject) => {
      ctx.onAbort((cause) => reject(ServiceError.fromAbort(cause)))
    })
  }

  #wait(ctx: Context): Promise<void> {
    this.#tell('delay', ctx)
    return ctx.clock.sleep(this.#delay?.ms ?? 0, ctx).catch((cause) => Promise.reject(ServiceError.fromAbort(cause)))
  }

  #failure(ctx: Context): ServiceError {
    const { code = 'internal', message = 'a fault was injected', retry } = this.#error ?? {}
    this.#tell('error', ctx)
    return new ServiceError(code, message, { retry })
  }

  #tell(fault: FaultEvent['fault'], ctx: Context): void {
    this.#counts[fault]++
    tell(this.#onFault, { ctx, fault })
  }
}
