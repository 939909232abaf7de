// The last flush of a program that ends: what it sends to may hang or fail, and must keep neither the rest nor the end from coming.
import { type Clock, systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { within } from '../core/within.ts'

// Longer than any flush of ours takes, and shorter than orchestrators wait.
const limitMs = 10_000

/** Flushes, and waits for no longer than ten seconds. Says whether it did; never rejects. */
export async function flushAtEnd(
  flush: () => Promise<void> | undefined,
  clock: Clock = systemClock,
): Promise<PromiseSettledResult<void>> {
  const flushing = async () => await flush()
  const late = () => new Error(`what was left at the end was not flushed within ${formatDuration(limitMs)}`)
  const [end] = await Promise.allSettled([within(flushing(), { clock, limitMs, late })])
  return end
}
