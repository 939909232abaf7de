// How long the event loop has worked and waited: what the process's metrics and its pressure both read.
import * as perfHooks from 'node:perf_hooks'
import { runtime } from './runtime.ts'

/** Since the loop began, in milliseconds. */
export interface LoopTimes {
  readonly active: number
  readonly idle: number
}

/** Reads Node's own; null elsewhere: other runtimes have the function too, but what it tells is nothing, or not the same. */
export function loopTimes(): (() => LoopTimes) | null {
  const { performance: hooks } = perfHooks
  return runtime().name === 'nodejs' ? () => hooks.eventLoopUtilization() : null
}

/** The share of its time that the loop worked between two readings, from 0 to 1; 0 when there is no time between them. */
export function utilization(since: LoopTimes, until: LoopTimes): number {
  const worked = until.active - since.active
  const waited = until.idle - since.idle
  return worked > 0 ? worked / (worked + waited) : 0
}
