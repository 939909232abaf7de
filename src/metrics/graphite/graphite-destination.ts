// Where the lines for Graphite go: into a channel that connects by itself, and nowhere while that is down.
import { type Clock, systemClock } from '../../core/clock.ts'
import { LineOutlet, type OpenChannel, type OutletStats } from '../../platform/line-outlet.ts'
import type { Destination, Sending } from '../pushed-metrics.ts'
import type { Registry } from '../registry.ts'
import { GraphiteLines } from './graphite-lines.ts'
import type { GraphiteNames } from './graphite-names.ts'
import type { GraphiteOptions } from './graphite-options.ts'

/** How sending goes. */
export interface GraphiteStats extends OutletStats {
  /** How many lines were lost: the oldest of too many, refused, or cut off. The receiver is told in the counter `graphite.dropped_lines`. */
  readonly dropped: number
}

/** Writes all that a registry has. While the receiver is down or slow nothing is written: totals wait in the registry, where nothing of them is lost. */
export class GraphiteDestination implements Destination {
  readonly #registry: Registry
  readonly #lines: GraphiteLines
  readonly #clock: Clock
  readonly #outlet: LineOutlet

  constructor(registry: Registry, names: GraphiteNames, options: GraphiteOptions, open: OpenChannel) {
    const { clock = systemClock, buckets = false, maxPacketBytes, maxPendingBytes, onError } = options
    this.#registry = registry
    this.#lines = new GraphiteLines(names, buckets)
    this.#clock = clock
    this.#outlet = new LineOutlet(open, { maxChunkBytes: maxPacketBytes, maxPendingBytes, clock, onError })
  }

  get stats(): GraphiteStats {
    return this.#outlet.stats
  }

  send({ isLast }: Sending): void {
    const { channel, writer } = this.#outlet
    const { state, datagrams } = channel
    // Whether packets arrive again shows only when some are sent.
    const isDown = state === 'down' && !datagrams
    if (!isLast && (isDown || writer.blocked)) return
    const dropped = this.#outlet.takeUntold()
    if (dropped > 0) this.#registry.counter({ name: 'graphite.dropped_lines' }).add(dropped)
    this.#lines.write(this.#registry.collect(), this.#clock.wallNow(), (line) => writer.write(line))
  }

  flush(): Promise<void> {
    return this.#outlet.writer.flush()
  }

  close(): Promise<void> {
    return this.#outlet[Symbol.asyncDispose]()
  }
}
