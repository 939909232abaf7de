// The process itself as metrics: event loop, garbage collection, memory, CPU, open files and what else tells how a service is.
import { type Clock, systemClock } from '../../core/clock.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Metrics } from '../metrics.ts'
import { activeResources } from './active-resources.ts'
import { cpu } from './cpu.ts'
import { eventLoop } from './event-loop.ts'
import { garbageCollection } from './garbage-collection.ts'
import { heapSpaces } from './heap-spaces.ts'
import { lifetime } from './lifetime.ts'
import { memory } from './memory.ts'
import { openFiles } from './open-files.ts'
import type { Part } from './part.ts'

/** How the process is measured. */
export interface ProcessMetricsOptions {
  /**
   * How far back the delay and the utilisation of the event loop reach at least, in milliseconds: the longest time between two collections of
   * one who collects, where there are several; for a single one it need not be said. @default 15_000
   */
  readonly windowMs?: number | undefined
  /**
   * How often the delay of the event loop is sampled, in milliseconds; a shorter block may be missed. Each sample wakes an idle
   * process: at 10 it takes about 0.35 % of a CPU, at 20 half of that. @default 10
   */
  readonly delayResolutionMs?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** Those who measure into the same metrics share one reading: what is counted twice would be wrong. */
const running = new WeakMap<Metrics, Reading>()

/**
 * Measures this process into `metrics` until it is disposed, as long as anybody asks for it; the options of the first one count.
 * All is read when metrics are collected. In between only the delay of the event loop is sampled and collections of garbage are noted,
 * which does not hold the process. What a runtime does not have is left out. The names are those of OpenTelemetry where it has
 * one; the help of each metric says whether it may be summed over hosts.
 *
 * The event loop's delay and utilisation are gauges over the last collections, so that they come through every backend: over
 * two windows in turn, which lose nothing to one who collects in between, see `OverlappingWindows`.
 *
 * Throws a RangeError for an option out of its range, and a TypeError when a metric of one of these names is there and differs.
 */
export function processMetrics(metrics: Metrics, options?: ProcessMetricsOptions): Disposable {
  const settings = {
    windowMs: checkNumber('windowMs', options?.windowMs ?? 15_000, { min: 1_000, max: 3_600_000 }),
    delayResolutionMs: checkNumber('delayResolutionMs', options?.delayResolutionMs ?? 10, {
      min: 1,
      max: 1_000,
      integer: true,
    }),
    clock: options?.clock ?? systemClock,
  }
  let reading = running.get(metrics)
  if (reading === undefined) {
    reading = new Reading(metrics, [
      () => eventLoop(metrics, settings),
      () => garbageCollection(metrics),
      () => memory(metrics),
      () => heapSpaces(metrics),
      () => cpu(metrics),
      () => activeResources(metrics),
      () => openFiles(metrics),
      () => lifetime(metrics, settings),
    ])
    running.set(metrics, reading)
  }
  return reading.share()
}

/** The parts while they are read. */
class Reading {
  readonly #metrics: Metrics
  readonly #parts: Part[] = []
  readonly #reader: Disposable
  #users = 0

  constructor(metrics: Metrics, parts: readonly (() => Part | undefined)[]) {
    this.#metrics = metrics
    try {
      for (const make of parts) {
        const part = make()
        if (part !== undefined) this.#parts.push(part)
      }
    } catch (thrown) {
      this.#stop()
      throw thrown
    }
    this.#reader = metrics.onCollect(() => this.#read())
  }

  share(): Disposable {
    this.#users++
    let isDisposed = false
    return {
      [Symbol.dispose]: () => {
        if (isDisposed) return
        isDisposed = true
        if (--this.#users === 0) this.#end()
      },
    }
  }

  #end(): void {
    running.delete(this.#metrics)
    this.#reader[Symbol.dispose]()
    this.#stop()
  }

  #stop(): void {
    for (const part of this.#parts) part.stop?.()
  }

  #read(): void {
    for (const part of this.#parts) {
      try {
        part.read()
      } catch {
        // What a runtime has not, or a system does not let us see: the rest is shown without it.
      }
    }
  }
}
