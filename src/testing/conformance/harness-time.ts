// How conformance suites of registries wait: by the time of their harness, which may be virtual or real, and never for a moment that must be met.
import assert from 'node:assert/strict'
import type { Clock } from '../../core/clock.ts'

/** Time as a harness has it. */
export interface HarnessTime {
  /** The clock of what is under test: a manual one, or the system's. */
  readonly clock: Clock
  /**
   * Lets time pass, and all that follows from it happen: advances a manual clock, or sleeps. Where a manual clock meets real sockets or files it
   * also waits for what these have to bring.
   */
  pass(ms: number): Promise<void>
  /** For how much time of this clock something is waited for before a case fails, in milliseconds. @default 10_000 */
  readonly limitMs?: number | undefined
}

/** The back-off of these suites: short, so that outages end soon where time is real, and without chance, so that attempts can be counted. */
export const quickBackoff: {
  readonly initialMs: number
  readonly multiplier: number
  readonly maxMs: number
  readonly jitter: 'none'
} = { initialMs: 50, multiplier: 2, maxMs: 400, jitter: 'none' }

/** How many attempts `quickBackoff` allows within a time, the first one at its beginning. */
export function allowedIn(ms: number): number {
  let attempts = 0
  for (let at = 0; at <= ms; attempts++)
    at += Math.min(quickBackoff.initialMs * quickBackoff.multiplier ** attempts, quickBackoff.maxMs)
  return attempts
}

/** Lets time pass, in steps from 1 ms to 100 ms, until the check neither throws nor gives `false`. */
export async function until(time: HarnessTime, check: () => unknown, what: string): Promise<void> {
  const { limitMs = 10_000 } = time
  for (let passedMs = 0, stepMs = 1; ; passedMs += stepMs, stepMs = Math.min(2 * stepMs, 100)) {
    const failure = await failureOf(check)
    if (failure === undefined) return
    if (passedMs >= limitMs)
      throw new assert.AssertionError({ message: `did not happen within ${limitMs} ms: ${what}: ${failure}` })
    await time.pass(stepMs)
  }
}

/** Lets time pass until the promise has settled, and gives what it gives. */
export async function settles<T>(time: HarnessTime, promise: PromiseLike<T>, what: string): Promise<T> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  await until(time, () => isSettled, what)
  return promise
}

async function failureOf(check: () => unknown): Promise<string | undefined> {
  try {
    return (await check()) === false ? 'it stayed false' : undefined
  } catch (thrown) {
    return String(thrown)
  }
}

/** Resolves when no more is held than was before. */
export function letsGo(registry: HarnessTime & { held?(): number }, heldBefore: number): Promise<void> {
  const check = () => assert.ok((registry.held?.() ?? 0) <= heldBefore, `${registry.held?.()} are held`)
  return until(registry, check, 'all that was held is let go of')
}

/** Lets an outage last that has begun to be told as failures, and asserts how often it is tried again. */
export async function triesNoMoreThanAllowed(
  registry: HarnessTime & { attempts?(): number },
  failures: readonly unknown[],
  outageMs: number,
): Promise<void> {
  const { clock } = registry
  const [attempts, failed, at] = [registry.attempts?.() ?? 0, failures.length, clock.now()]
  while (clock.now() - at < outageMs) await registry.pass(Math.min(outageMs / 4, 5_000))
  // The clock of a busy machine goes further than it was asked to. One more may have been on its way.
  const allowed = allowedIn(clock.now() - at) + 1
  assert.ok(failures.length - failed <= allowed, `${failures.length - failed} failures, but ${allowed} at most`)
  const more = (registry.attempts?.() ?? 0) - attempts
  assert.ok(more <= allowed, `${more} attempts, but ${allowed} at most`)
}
