// LineOutlet: the way of lines to one receiver at a socket, and how it goes: what senders of metrics and of logs have in common.
import { tell } from '../core/tell.ts'
import { BatchWriter, type BatchWriterOptions } from './batch-writer.ts'
import type { Channel, ChannelState } from './channel.ts'
import type { SocketFailure } from './socket-options.ts'

/** The receiver cannot be reached. */
export interface ReceiverFailure {
  /** The receiver, as it was given. */
  readonly url: string
  /** Its message says address and reason; its cause is the error of the platform. */
  readonly error: Error
}

/** How sending goes. */
export interface OutletStats {
  /** How many lines the system has taken, which it may still lose on the way. */
  readonly sent: number
  /** How many lines were lost: the oldest of too many, refused, or cut off. */
  readonly dropped: number
  /** How many bytes wait because the receiver is down or slow. */
  readonly pendingBytes: number
  /** `down` over UDP: the last packets were refused, or the name has no address. */
  readonly state: ChannelState
  /** What it was down with last; undefined while it never was. */
  readonly lastError: Error | undefined
}

/** Opens the way to the receiver, which tells what it suffers from. */
export type OpenChannel = (onError: (failure: SocketFailure) => void) => Channel

/** How lines are collected, and who hears of failures. */
export interface LineOutletOptions extends BatchWriterOptions {
  /** Told when the receiver goes down, and then not before it has been up for a while. @default nothing: `stats` has it */
  readonly onError?: ((event: ReceiverFailure) => void) | undefined
}

/** Owns a channel and what fills it. Disposing it flushes, drops what is left, and closes the channel. */
export class LineOutlet implements AsyncDisposable {
  readonly channel: Channel
  readonly writer: BatchWriter
  #lastError: Error | undefined
  #told = 0

  /** Throws a RangeError or TypeError for an option out of range. */
  constructor(open: OpenChannel, { onError, ...options }: LineOutletOptions) {
    this.channel = open(({ address, error }) => {
      this.#lastError = error
      tell(onError, { url: address, error })
    })
    this.writer = new BatchWriter(this.channel, options)
  }

  get stats(): OutletStats {
    const { sent, dropped, pendingBytes } = this.writer
    return { sent, dropped, pendingBytes, state: this.channel.state, lastError: this.#lastError }
  }

  /** How many lines were lost that nobody was told of. */
  get untold(): number {
    return this.writer.dropped - this.#told
  }

  /** Gives `untold`, which is told by that. */
  takeUntold(): number {
    const { untold } = this
    this.#told += untold
    return untold
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.writer[Symbol.asyncDispose]()
    await this.channel.close()
  }
}
