// Waits for something to become true: for tests with real servers and processes, whose timing a manual clock cannot own.
import { type Clock, systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/duration.ts'
import { backoff } from '../primitives/backoff.ts'
import { checkNumber } from '../primitives/check.ts'

/**
 * Tries `check` until it neither throws nor gives `false`, and gives what it gave. Between tries it waits 1 ms, then twice as
 * long each time, up to 100 ms. Rejects after `limitMs` with the last failure as the cause, also while a check hangs.
 */
export async function eventually<T>(check: () => T | Promise<T>, limitMs = 5_000): Promise<Exclude<Awaited<T>, false>> {
  checkNumber('limitMs', limitMs, { min: 0 })
  const clock = systemClock
  const delayMs = backoff({ initialMs: 1, multiplier: 2, maxMs: 100, jitter: 'none' })
  const giveUpAt = clock.now() + limitMs
  for (let tries = 0; ; tries++) {
    let failure: unknown = new Error('it stayed false')
    try {
      const found = await limited(clock, giveUpAt, check)
      if (found !== false) return found as Exclude<Awaited<T>, false>
    } catch (thrown) {
      failure = thrown
    }
    if (clock.now() >= giveUpAt) {
      const last = failure instanceof Error ? failure.message : String(failure)
      throw new Error(`not true within ${formatDuration(limitMs)}: ${last}`, { cause: failure })
    }
    await clock.sleep(delayMs(tries))
  }
}

async function limited<T>(clock: Clock, at: number, check: () => T | Promise<T>): Promise<Awaited<T>> {
  const late = Promise.withResolvers<never>()
  const timer = clock.scheduleAt(at, { run: () => late.reject(new Error('the check hangs')) })
  try {
    return await Promise.race([check(), late.promise])
  } finally {
    timer.cancel()
  }
}
