// untilOver: waits for what others do for a call, and no longer than the call goes on.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import { type Context, listen } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'

/**
 * Gives what `begin` gives, or rejects as soon as the call is over, called off or past its deadline; whatever comes then, nobody hears of
 * it. When the call is over already, nothing is begun.
 */
export function untilOver<T>(ctx: Context, begin: () => PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = new Wait(reject)
    listen(ctx, wait)
    // The moment of a deadline may have come before its timer.
    if (!wait.isOpen || ctx.aborted) {
      wait.end()
      reject(ServiceError.fromAbort(ctx.cause))
      return
    }
    try {
      begin().then(
        (value) => {
          wait.end()
          resolve(value)
        },
        (thrown) => {
          wait.end()
          reject(thrown)
        },
      )
    } catch (thrown) {
      wait.end()
      reject(thrown)
    }
  })
}

/** Its own listener, which costs less than a function and what would take it back. */
class Wait implements Listener {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  isOpen = true
  readonly #reject: (error: ServiceError) => void

  constructor(reject: (error: ServiceError) => void) {
    this.#reject = reject
  }

  fire(cause: unknown): void {
    this.isOpen = false
    this.#reject(ServiceError.fromAbort(cause))
  }

  end(): void {
    this.isOpen = false
    this.list?.remove(this)
  }
}
