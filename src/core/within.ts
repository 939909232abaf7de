// A wait with a limit, for what may never end by itself: stopping, flushing, sending.
import type { Clock, ScheduleOptions } from './clock.ts'

/** How long is waited. */
export interface WithinOptions extends ScheduleOptions {
  readonly clock: Clock
  /** In milliseconds. */
  readonly limitMs: number
  /** What the wait fails with once the limit has passed. */
  late(): Error
}

/** Gives what the promise gives, or rejects at the limit; whatever becomes of the promise then, nobody hears of it. */
export async function within<T>(promise: Promise<T>, options: WithinOptions): Promise<T> {
  const { clock, limitMs } = options
  const over = Promise.withResolvers<never>()
  const timer = clock.schedule(limitMs, () => over.reject(options.late()), options)
  try {
    return await Promise.race([promise, over.promise])
  } finally {
    timer.cancel()
  }
}
