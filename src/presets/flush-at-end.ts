// The last flush of a program that ends: what it sends to may hang or fail, and must keep neither the rest nor the end from coming.
import { type Clock, systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'

// Longer than any flush of ours takes, and shorter than orchestrators wait.
const limitMs = 10_000

/** Flushes, and waits for no longer than ten seconds. Says whether it did; never rejects. */
export async function flushAtEnd(
  flush: () => Promise<void> | undefined,
  clock: Clock = systemClock,
): Promise<PromiseSettledResult<void>> {
  const late = Promise.withResolvers<never>()
  const timer = clock.schedule(limitMs, () => {
    late.reject(new Error(`what was left at the end was not flushed within ${formatDuration(limitMs)}`))
  })
  const flushing = async () => await flush()
  const [end] = await Promise.allSettled([Promise.race([flushing(), late.promise])])
  timer.cancel()
  return end
}
