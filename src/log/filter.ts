// A sink in front of another that lets some records pass: those of a level, or those that somebody picks.
import { checkLevel, type Level, severities } from './level.ts'
import type { LogRecord, RecordOutline } from './log-record.ts'
import { checkSink, type Sink } from './sink.ts'

/** Which records pass. */
export interface FilterOptions {
  /** The least severe level that passes. @default 'debug' */
  readonly level?: Level | 'off' | undefined
  /** Whether a record of such a level passes. One for which this throws does. @default all pass */
  readonly where?: ((record: LogRecord) => boolean) | undefined
}

/**
 * Writes some of the records, as in `tee(console, filter(alerts, { level: 'error' }))`. What does not pass is not counted as
 * dropped. Throws a TypeError for what is no sink, no level or no function.
 */
export function filter(sink: Sink, options: FilterOptions): Sink {
  return new Filter(checkSink(sink), options)
}

class Filter implements Sink {
  readonly #sink: Sink
  readonly #least: number
  readonly #where: ((record: LogRecord) => boolean) | undefined

  constructor(sink: Sink, { level = 'debug', where }: FilterOptions) {
    if (where !== undefined && typeof where !== 'function') throw new TypeError('where must be a function')
    this.#sink = sink
    this.#least = severities[checkLevel('level', level)]
    this.#where = where
  }

  /** Gives back what the sink gives: should it be a promise after all, who called catches what that rejects with. */
  write(record: LogRecord): unknown {
    const passes = severities[record.level] >= this.#least && this.#passes(record)
    return passes ? this.#sink.write(record) : undefined
  }

  skips(outline: RecordOutline): boolean {
    if (severities[outline.level] < this.#least) return true
    // What `where` refuses must not be counted by the sink behind.
    return this.#where === undefined && this.#sink.skips?.(outline) === true
  }

  get dropped(): number {
    return this.#sink.dropped ?? 0
  }

  async flush(): Promise<void> {
    await this.#sink.flush?.()
  }

  #passes(record: LogRecord): boolean {
    try {
      return this.#where?.(record) ?? true
    } catch {
      return true
    }
  }
}
