// The event loop: how late it comes to what is due, and how much of its time it works.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type LoopTimes, loopTimes, utilization } from '../../platform/loop-times.ts'
import type { Metrics } from '../metrics.ts'
import { followTotal } from './follow-total.ts'
import { OverlappingWindows, type Window } from './overlapping-windows.ts'
import type { Part, PartSettings } from './part.ts'

/** What Node tells of its event loop. */
export interface LoopSource {
  /** Samples delays, in nanoseconds, each of them longer by the resolution in milliseconds. */
  monitorEventLoopDelay(options: { readonly resolution: number }): DelayMonitor
  /** How long the loop has worked and waited since it began, in milliseconds. */
  eventLoopUtilization(): LoopTimes
}

/** A sampler of delays, and what it has seen. */
export interface DelayMonitor {
  readonly count: number
  readonly max: number
  readonly mean: number
  /** Of the samples, from 0 to 100. */
  percentile(percent: number): number
  enable(): unknown
  disable(): unknown
  reset(): unknown
}

/** What is measured since a moment. */
class LoopWindow implements Window {
  readonly delay: DelayMonitor
  readonly #source: LoopSource
  #begun: LoopTimes

  constructor(source: LoopSource, resolution: number) {
    this.#source = source
    this.delay = source.monitorEventLoopDelay({ resolution })
    this.delay.enable()
    this.#begun = source.eventLoopUtilization()
  }

  get utilization(): number {
    return utilization(this.#begun, this.#source.eventLoopUtilization())
  }

  restart(): void {
    this.delay.reset()
    this.#begun = this.#source.eventLoopUtilization()
  }
}

/** Node's own. */
function nodesOwn(): LoopSource | null {
  const eventLoopUtilization = loopTimes()
  return eventLoopUtilization && { monitorEventLoopDelay, eventLoopUtilization }
}

/**
 * Measures the event loop, with the names of OpenTelemetry, unless the source is null. Quantiles count samples, not time: a block is one
 * sample however long, so look at the maximum for single ones.
 */
export function eventLoop(
  metrics: Metrics,
  settings: PartSettings,
  source: LoopSource | null = nodesOwn(),
): Part | undefined {
  if (source === null) return undefined
  const { windowMs, delayResolutionMs, clock } = settings
  const lately = `the last ${windowMs / 1e3} s or more, back to the collection before at least`
  const delay = (name: string, what: string) =>
    metrics.gauge({
      name: `nodejs.eventloop.delay.${name}`,
      unit: 'seconds',
      help: `Host-local: ${what} that the event loop came too late to what was due, over ${lately}.`,
    })
  const max = delay('max', 'the longest time')
  const mean = delay('mean', 'the mean time')
  const p50 = delay('p50', 'the median of the times')
  const p90 = delay('p90', 'the 90th percentile of the times')
  const p99 = delay('p99', 'the 99th percentile of the times')
  const utilizationGauge = metrics.gauge({
    name: 'nodejs.eventloop.utilization',
    unit: 'ratio',
    help: `Host-local: the share of its time that the event loop worked, from 0 to 1, over ${lately}.`,
  })
  const time = metrics.counter({
    name: 'nodejs.eventloop.time',
    unit: 'seconds',
    labels: ['nodejs.eventloop.state'],
    help: 'How long the event loop worked (active) and waited (idle). May be summed over hosts.',
  })
  const active = followTotal(time.with({ 'nodejs.eventloop.state': 'active' }))
  const idle = followTotal(time.with({ 'nodejs.eventloop.state': 'idle' }))
  // A sample is the time from one tick of the sampler to the next, of which the resolution is none of the loop's fault.
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds - delayResolutionMs * 1e6) / 1e9
  const windows = new OverlappingWindows(() => new LoopWindow(source, delayResolutionMs), windowMs, clock)
  return {
    read() {
      const total = source.eventLoopUtilization()
      active(total.active / 1e3)
      idle(total.idle / 1e3)
      windows.read((window) => {
        utilizationGauge.set(window.utilization)
        const { delay } = window
        // Without a sample it would tell the bounds of its range.
        if (delay.count === 0) return
        max.set(seconds(delay.max))
        mean.set(seconds(delay.mean))
        p50.set(seconds(delay.percentile(50)))
        p90.set(seconds(delay.percentile(90)))
        p99.set(seconds(delay.percentile(99)))
      })
    },
    stop() {
      for (const { delay } of windows.all) delay.disable()
    },
  }
}
