// A sink in front of several: each of them gets every record.
import { systemClock } from '../core/clock.ts'
import type { LogRecord } from './log-record.ts'
import { checkSink, type Sink } from './sink.ts'
import { SinkGuard } from './sink-guard.ts'

/**
 * Writes each record to all sinks. What one throws keeps it from no other: it counts as dropped, and is printed once a minute at
 * most. Throws a TypeError for what is no sink.
 */
export function tee(...sinks: readonly Sink[]): Sink {
  return new Tee(sinks.map(checkSink))
}

class Tee implements Sink {
  readonly #sinks: readonly Sink[]
  readonly #guard = new SinkGuard(systemClock)

  constructor(sinks: readonly Sink[]) {
    this.#sinks = sinks
  }

  write(record: LogRecord): void {
    for (const sink of this.#sinks) this.#guard.write(sink, record)
  }

  get dropped(): number {
    return this.#sinks.reduce((sum, sink) => sum + this.#guard.droppedBy(sink), this.#guard.lost)
  }

  async flush(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => this.#guard.flush(sink)))
  }
}
