// Waits in the background, and no longer than somebody wants to know.
import type { Clock } from './clock.ts'

const background = { background: true }

/** Resolves after that many milliseconds, or as soon as the signal aborts. Holds no process. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.schedule(delayMs, end, background)
    signal.addEventListener('abort', end, { once: true })
  })
}
