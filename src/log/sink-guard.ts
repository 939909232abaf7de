// Between who logs and the sinks: what a sink throws stops nobody, is counted as lost, and is told to somebody.
import type { Clock } from '../core/clock.ts'
import type { LogRecord } from './log-record.ts'
import type { Sink } from './sink.ts'

/** A sink threw. The record is lost. */
export interface SinkFailed {
  readonly error: unknown
  /** How many records were lost in this way so far. */
  readonly lost: number
}

// A sink that fails fails with each record, thousands of times a second.
const tellEveryMs = 60_000

/** Calls sinks such that nothing comes back but what should. */
export class SinkGuard {
  readonly #clock: Clock
  readonly #onError: (event: SinkFailed) => void
  /** A record is lost because of what was thrown. */
  readonly failed = (thrown: unknown): void => this.#fail(thrown, 1)
  #lost = 0
  #toldAt = -Infinity

  constructor(clock: Clock, onError: (event: SinkFailed) => void = printFailure) {
    this.#clock = clock
    this.#onError = onError
  }

  /** How many records were lost because a sink threw. */
  get lost(): number {
    return this.#lost
  }

  /** Writes a record. */
  write(sink: Sink, record: LogRecord): void {
    try {
      const given: unknown = sink.write(record)
      // An async function fits the type, and what it rejects with would end the process.
      if (given instanceof Promise) given.catch(this.failed)
    } catch (thrown) {
      this.failed(thrown)
    }
  }

  /** Resolves when the sink has flushed, or has failed to. */
  async flush(sink: Sink): Promise<void> {
    try {
      await sink.flush?.()
    } catch (thrown) {
      this.#fail(thrown, 0)
    }
  }

  #fail(error: unknown, records: number): void {
    this.#lost += records
    try {
      const now = this.#clock.now()
      if (now - this.#toldAt < tellEveryMs) return
      this.#toldAt = now
      this.#onError({ error, lost: this.#lost })
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** How many records a sink says that it lost; 0 where it cannot tell. */
export function droppedBy(sink: Sink): number {
  try {
    return Number(sink.dropped ?? 0) || 0
  } catch {
    return 0
  }
}

function printFailure({ error }: SinkFailed): void {
  console.error('servicekit: a log sink failed, records are lost:', error)
}
