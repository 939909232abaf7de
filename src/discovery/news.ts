// News: those who wait for the next thing that is heard, each for as long as its call goes on.
import type { Context } from '../core/context.ts'

/** Of a call that has given up nothing is kept: an outage outlasts thousands of them. */
export class News {
  readonly #waiting = new Set<() => void>()

  /** Resolves when something is told; rejects with the cause of the abort where the call ends before. */
  async next(ctx: Context): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    using _ = ctx.onAbort(reject)
    try {
      await promise
    } finally {
      this.#waiting.delete(resolve)
    }
  }

  /** Lets all go on. */
  tell(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
