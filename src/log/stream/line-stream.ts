// What all streams have in common: their options with the defaults, and what they tell.
import { type Clock, systemClock } from '../../core/clock.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { LineWriter } from '../line-writer.ts'

/**
 * Writes lines to a descriptor of the process, many at a time and at the latest at the end of each turn of the event loop.
 * It never throws, and it never waits for a reader: what he does not take in time is dropped, the oldest first and whole
 * lines only, and counted. Lines of one stream never mix. Two streams on one descriptor can put their lines into each
 * other's where the reader is slow: share one.
 */
export interface LineStream extends LineWriter, AsyncDisposable {
  /** Takes one line, its newline included. */
  write(text: string): void
  /** How many lines were dropped so far, those written after the end included. */
  readonly dropped: number
  /** Resolves when all that was written before has left or was dropped, after `flushTimeoutMs` at the latest. */
  flush(): Promise<void>
  /** Flushes, drops what could not leave in time, and closes what the stream opened itself. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Lines that nobody will read. */
export interface LinesDropped {
  /** How many since the last event. */
  readonly count: number
  /** How many in all. */
  readonly total: number
}

/** Why lines do not leave, or why a file could not be opened again. */
export interface StreamFailure {
  readonly error: NodeJS.ErrnoException
  /** Whether that is the end: the descriptor leads nowhere any more, and all lines are dropped from here on. */
  readonly isFinal: boolean
}

/** How a stream behaves. */
export interface StreamOptions {
  /** How many bytes may wait for the reader; what is gathered or on its way, some 64 KiB each, comes on top. @default 4_194_304 */
  readonly maxPendingBytes?: number | undefined
  /**
   * How long `flush()` and disposing wait for a reader who does not read, and for how long such a reader keeps a process
   * from ending that has nothing else to do, in milliseconds. @default 5_000
   */
  readonly flushTimeoutMs?: number | undefined
  /**
   * Whether what waits is written when the process exits or crashes, which takes it a second at most where nobody reads.
   * Without it `process.exit()` and crashes lose the lines of the turn that they happen in, and what a reader has not yet
   * taken. A program that ends because nothing is left to do writes all in any case, and one that a signal kills loses it
   * in any case. A write that is on its way in the background is finished by Node, but unseen: of what leaves in part the
   * rest is lost, and on a machine that is very busy it may come behind the last lines; with `sync` there is none. @default false
   */
  readonly flushOnExit?: boolean | undefined
  /**
   * Whether writes happen at once and not in the background. A disk that hangs, or the reader of a blocking pipe, then stops the
   * event loop; but a program that writes more than `maxPendingBytes` in one turn, of which the background sees but the end,
   * loses nothing, and what is on its way at an exit is never in doubt.
   * @default false for what could make us wait, true for what cannot: pipes and terminals of Linux that we opened ourselves
   */
  readonly sync?: boolean | undefined
  /** Called when lines were dropped, once a second at most. @default none */
  readonly onDrop?: ((event: LinesDropped) => void) | undefined
  /** Called when writing begins to fail, once until it works again or fails in another way. @default none */
  readonly onError?: ((event: StreamFailure) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** Options in their legal ranges. */
export interface CheckedStreamOptions extends StreamOptions {
  readonly maxPendingBytes: number
  readonly flushTimeoutMs: number
  readonly flushOnExit: boolean
  readonly clock: Clock
}

/** Puts defaults where nothing was given. Throws a RangeError or TypeError that names the option. */
export function checkedStreamOptions(given: StreamOptions = {}): CheckedStreamOptions {
  const { maxPendingBytes = 4 * 1024 * 1024, flushTimeoutMs = 5_000, flushOnExit = false, sync } = given
  checkBoolean('flushOnExit', flushOnExit)
  if (sync !== undefined) checkBoolean('sync', sync)
  return {
    ...given,
    // Memory is what this bounds, so that Infinity would be a mistake.
    maxPendingBytes: checkNumber('maxPendingBytes', maxPendingBytes, { min: 1_024, max: 2 ** 30, integer: true }),
    flushTimeoutMs: checkNumber('flushTimeoutMs', flushTimeoutMs, { min: 0 }),
    flushOnExit,
    clock: given.clock ?? systemClock,
  }
}

/** Throws a TypeError unless the option is true or false. */
export function checkBoolean(option: string, value: boolean): void {
  if (typeof value !== 'boolean') throw new TypeError(`${option} must be true or false, but is of type ${typeof value}`)
}
