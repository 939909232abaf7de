// Sink: where records go. What renders, filters, samples and forwards them are sinks too, one around the other.
import type { LogRecord, RecordOutline } from './log-record.ts'

/** Takes records. A logger or a sink that is given one flushes it and does not close it: whoever made it does. */
export interface Sink {
  /** Takes a record. It must neither block nor wait; a logger catches what it throws, and counts it. */
  write(record: LogRecord): void
  /**
   * Whether a record would not be written, asked before it is made, to spare that. Who says so has dealt with it: counted it
   * among those left out, say; where only the whole record can tell, the answer is no. @default no
   */
  skips?(outline: RecordOutline): boolean
  /** How many records were lost on their way so far. @default 0 */
  readonly dropped?: number
  /** Resolves when all that was written before has left, or was lost. Never rejects. */
  flush?(): Promise<void>
  [Symbol.asyncDispose]?(): Promise<void>
}

/** Gives a sink back. Throws a TypeError for anything else. */
export function checkSink(sink: Sink): Sink {
  if (typeof sink?.write === 'function') return sink
  throw new TypeError('a sink must be an object with a method write(record)')
}
