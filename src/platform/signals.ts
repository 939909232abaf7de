// SIGINT and SIGTERM: the first one asks what serves to stop, the second one ends the process at once.

import { tell } from '../core/tell.ts'

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** The signals by which a person or an orchestrator asks a process to end. */
export type StopSignal = keyof typeof exitCodes

const waiting = new Set<{ readonly stop: (signal: StopSignal) => void }>()
let asked: StopSignal | undefined

/**
 * Calls `stop` when the process is asked to end; disposing it takes that back. All who wait are called on the first
 * SIGINT or SIGTERM, and whoever begins to wait later is called at once. On the second one the process exits at once, with
 * 128 plus the number of the signal.
 */
export function onStopSignal(stop: (signal: StopSignal) => void): Disposable {
  if (waiting.size === 0) {
    process.on('SIGINT', hear)
    process.on('SIGTERM', hear)
  }
  const waiter = { stop }
  waiting.add(waiter)
  if (asked !== undefined) {
    const signal = asked
    queueMicrotask(() => {
      if (waiting.has(waiter)) tell(stop, signal)
    })
  }
  return {
    [Symbol.dispose]() {
      if (!waiting.delete(waiter) || waiting.size > 0) return
      process.off('SIGINT', hear)
      process.off('SIGTERM', hear)
    },
  }
}

/** Forgets that the process was asked to end: for tests, which go on after it. */
export function forgetStopSignal(): void {
  asked = undefined
}

function hear(signal: StopSignal): void {
  if (asked !== undefined) process.exit(exitCodes[signal])
  asked = signal
  for (const { stop } of waiting) tell(stop, signal)
}
