// The context of one request that a signal calls off, and that may take so long: it holds no process.
import type { Clock } from '../core/clock.ts'
import { type CancelableContext, rootContext } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'

/** What ends such a context. */
export interface LimitedContextOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long it may take, in milliseconds. */
  readonly limitMs: number
  /** What it is cancelled with at the limit. */
  readonly late: () => ServiceError
}

/** To be disposed when the request is over. */
export class LimitedContext implements Disposable {
  readonly ctx: CancelableContext
  readonly #signal: AbortSignal
  readonly #abort: () => void
  readonly #timer: Disposable

  constructor({ clock, signal, limitMs, late }: LimitedContextOptions) {
    const ctx = rootContext({ clock })
    this.ctx = ctx
    this.#signal = signal
    this.#abort = () => ctx.cancel(signal.reason)
    signal.addEventListener('abort', this.#abort, { once: true })
    if (signal.aborted) this.#abort()
    // Not the deadline of the context: that would hold the process, and nobody may be waiting.
    const timer = clock.schedule(limitMs, () => ctx.cancel(late()), { background: true })
    this.#timer = { [Symbol.dispose]: () => timer.cancel() }
  }

  /** From now on only the signal ends it. */
  unlimit(): void {
    this.#timer[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.unlimit()
    this.#signal.removeEventListener('abort', this.#abort)
    this.ctx[Symbol.dispose]()
  }
}
