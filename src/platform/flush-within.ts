// Waiting for a flush that somebody else does, and that may never end.
import type { Clock } from '../core/clock.ts'

/** Resolves when `flush` has, or has failed, or after `limitMs`. Never rejects. */
export function flushWithin(limitMs: number, clock: Clock, flush: () => unknown): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      timer.cancel()
      resolve()
    }
    const timer = clock.schedule(limitMs, resolve)
    new Promise((flushed) => flushed(flush())).then(end, end)
  })
}
