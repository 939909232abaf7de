// Driver: calls that begin at a steady rate, whether or not those before have ended, each timed from the moment that it was due.
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from './quantile.ts'

// Timers are no finer; what became due meanwhile begins together, and its lateness counts.
const tickMs = 4

/** What is called, and how often. */
export interface DriverOptions {
  /** Makes the call of a number, from 0. One that rejects has failed. */
  readonly call: (number: number) => Promise<unknown>
  readonly callsPerSecond: number
}

/** What calls came to within a time. */
export interface Load {
  /** Those that have ended. */
  readonly calls: number
  readonly failed: number
  readonly perSecond: number
  /** NaN where no call succeeded. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Makes calls from `start` to `stop`. It repeats none, and counts each of them. */
export class Driver {
  readonly #call: DriverOptions['call']
  #callsPerSecond: number
  readonly #all: number[] = []
  #recent: number[] = []
  #recentSince = 0
  #recentFailed = 0
  #sent = 0
  #failed = 0
  #startedAt = 0
  #stopping: AbortController | undefined
  #loop: Promise<void> | undefined
  readonly #inFlight = new Set<Promise<void>>()
  /** What calls failed with, and how many did. */
  readonly errors = new Map<string, number>()

  constructor({ call, callsPerSecond }: DriverOptions) {
    this.#call = call
    this.#callsPerSecond = callsPerSecond
  }

  get failed(): number {
    return this.#failed
  }

  /** How many calls have begun. */
  get sent(): number {
    return this.#sent
  }

  start(callsPerSecond: number = this.#callsPerSecond): void {
    this.#callsPerSecond = callsPerSecond
    this.#startedAt = performance.now()
    this.#recentSince = this.#startedAt
    this.#stopping = new AbortController()
    this.#loop = this.#run(this.#stopping.signal)
  }

  /** Begins no more calls, and resolves when those in flight have ended. */
  async stop(): Promise<void> {
    this.#stopping?.abort()
    await this.#loop
    await Promise.all(this.#inFlight)
  }

  /** What there was since it was asked last. */
  recent(): Load {
    const elapsedMs = performance.now() - this.#recentSince
    const load = loadOf(this.#recent, this.#recentFailed, elapsedMs)
    this.#recent = []
    this.#recentFailed = 0
    this.#recentSince += elapsedMs
    return load
  }

  total(): Load {
    return loadOf(this.#all, this.#failed, performance.now() - this.#startedAt)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const first = this.#sent
    while (!signal.aborted) {
      const due = first + Math.floor(((performance.now() - this.#startedAt) * this.#callsPerSecond) / 1_000)
      while (this.#sent < due) this.#begin(this.#startedAt + ((this.#sent - first) * 1_000) / this.#callsPerSecond)
      await sleep(tickMs)
    }
  }

  #begin(dueAt: number): void {
    const ending = this.#end(this.#call(this.#sent++), dueAt).finally(() => this.#inFlight.delete(ending))
    this.#inFlight.add(ending)
  }

  async #end(call: Promise<unknown>, dueAt: number): Promise<void> {
    try {
      await call
      const tookMs = performance.now() - dueAt
      this.#all.push(tookMs)
      this.#recent.push(tookMs)
    } catch (thrown) {
      this.#failed++
      this.#recentFailed++
      const text = thrown instanceof Error ? thrown.message : String(thrown)
      this.errors.set(text, (this.errors.get(text) ?? 0) + 1)
    }
  }
}

function loadOf(tookMs: readonly number[], failed: number, elapsedMs: number): Load {
  const sorted = Float64Array.from(tookMs).sort()
  const calls = sorted.length + failed
  return {
    calls,
    failed,
    perSecond: elapsedMs > 0 ? (calls * 1_000) / elapsedMs : 0,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
  }
}
