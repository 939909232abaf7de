// A clock whose every timer is one of the platform's own: for runtimes where a timer belongs to the request that set it.
import { type Clock, sleepOn, type Timer } from './clock.ts'

// The longest that a platform's timer can be set for; beyond it one is set behind the other.
const longestMs = 2 ** 31 - 1

/**
 * System time, as `systemClock` has it, but without a timer that all share: on Cloudflare Workers a request may not wait for
 * what another one has set. Each timer costs some ten times as much.
 */
export const timeoutClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  schedule: (delayMs, run, options) => wait(performance.now() + delayMs, run, options?.background ?? false),
  scheduleAt: (at, task, options) => wait(at, () => task.run(), options?.background ?? false),
  sleep: (delayMs, until) => sleepOn(timeoutClock, delayMs, until),
}

function wait(at: number, run: () => void, isBackground: boolean): Timer {
  let alarm: ReturnType<typeof setTimeout> | undefined
  const set = () => {
    const leftMs = at - performance.now()
    if (at === Infinity) return
    const isLast = leftMs <= longestMs
    // Never early: the platform rounds down.
    alarm = setTimeout(isLast ? due : set, Math.ceil(Math.min(Math.max(0, leftMs), longestMs)))
    if (isBackground) (alarm as { unref?(): unknown }).unref?.()
  }
  const due = () => (performance.now() < at ? set() : run())
  set()
  return { cancel: () => clearTimeout(alarm) }
}
