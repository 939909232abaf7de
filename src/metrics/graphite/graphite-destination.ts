// Where the lines for Graphite go: into a channel that connects by itself, and nowhere while that is down.

import { type Clock, systemClock } from '../../core/clock.ts'
import { tell } from '../../core/tell.ts'
import { BatchWriter } from '../../platform/batch-writer.ts'
import type { Channel } from '../../platform/channel.ts'
import type { SocketFailure } from '../../platform/socket-options.ts'
import type { Destination, Sending } from '../pushed-metrics.ts'
import type { Registry } from '../registry.ts'
import { GraphiteLines } from './graphite-lines.ts'
import type { GraphiteNames } from './graphite-names.ts'
import type { GraphiteOptions } from './graphite-options.ts'

/** How sending goes. */
export interface GraphiteStats {
  /** How many lines the system has taken, which it may still lose on the way. */
  readonly sent: number
  /** How many lines were lost: the oldest of too many, refused, or cut off. The receiver is told in the counter `graphite.dropped_lines`. */
  readonly dropped: number
  /** How many bytes wait because the receiver is slow. */
  readonly pendingBytes: number
  /** `down` over UDP: the last packets were refused, or the name has no address. */
  readonly state: 'connecting' | 'open' | 'down' | 'closed'
  /** What it was down with last; undefined while it never was. */
  readonly lastError: Error | undefined
}

/** Opens the way to the receiver, which tells what it suffers from. */
export type OpenChannel = (onError: (failure: SocketFailure) => void) => Channel

/** Writes all that a registry has. While the receiver is down or slow nothing is written: totals wait in the registry, where nothing of them is lost. */
export class GraphiteDestination implements Destination {
  readonly #registry: Registry
  readonly #lines: GraphiteLines
  readonly #clock: Clock
  readonly #channel: Channel
  readonly #writer: BatchWriter
  #lastError: Error | undefined
  /** How many dropped lines the receiver was told of. */
  #told = 0

  constructor(registry: Registry, names: GraphiteNames, options: GraphiteOptions, open: OpenChannel) {
    const { clock = systemClock, buckets = false, maxPacketBytes, maxPendingBytes, onError } = options
    this.#registry = registry
    this.#lines = new GraphiteLines(names, buckets)
    this.#clock = clock
    this.#channel = open(({ address, error }) => {
      this.#lastError = error
      tell(onError, { url: address, error })
    })
    this.#writer = new BatchWriter(this.#channel, { maxChunkBytes: maxPacketBytes, maxPendingBytes, clock })
  }

  get stats(): GraphiteStats {
    const { sent, dropped, pendingBytes } = this.#writer
    return { sent, dropped, pendingBytes, state: this.#channel.state, lastError: this.#lastError }
  }

  send({ isLast }: Sending): void {
    const { state, datagrams } = this.#channel
    // Whether packets arrive again shows only when some are sent.
    const isDown = state === 'down' && !datagrams
    if (!isLast && (isDown || this.#writer.blocked)) return
    const dropped = this.#writer.dropped - this.#told
    this.#told += dropped
    if (dropped > 0) this.#registry.counter({ name: 'graphite.dropped_lines' }).add(dropped)
    this.#lines.write(this.#registry.collect(), this.#clock.wallNow(), (line) => this.#writer.write(line))
  }

  flush(): Promise<void> {
    return this.#writer.flush()
  }

  async close(): Promise<void> {
    await this.#writer[Symbol.asyncDispose]()
    await this.#channel.close()
  }
}
