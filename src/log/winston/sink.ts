// The sink of winston: records to the logger that a program has already, with its formats and transports.
import { type Clock, systemClock } from '../../core/clock.ts'
import { checkNumber } from '../../primitives/check.ts'
import { addForeignFields, type FieldShape } from '../add-foreign-fields.ts'
import type { Level } from '../level.ts'
import type { BoundFields, LogRecord, RecordOutline } from '../log-record.ts'
import { LoggedError, plain } from '../log-value.ts'
import type { Sink } from '../sink.ts'
import { levelNames } from './level-names.ts'
import type { WinstonLogger } from './logger.ts'

export type { WinstonLogger, WinstonStream } from './logger.ts'

/** How records become winston's. */
export interface WinstonOptions {
  /** The names of winston's levels for ours: `{ debug: 'silly' }`. @default those of npm, syslog or the command line; the next more severe one where one has none */
  readonly levels?: Partial<Readonly<Record<Level, string>>> | undefined
  /** How many records may wait for transports that do not keep up; what comes beyond is dropped, and counted. @default 10_000 */
  readonly maxPendingRecords?: number | undefined
  /** How long `flush` waits for transports, in milliseconds. @default 5_000 */
  readonly flushTimeoutMs?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

type Info = Record<string, unknown>

/**
 * Writes records with a logger of winston, fields beside `level` and `message`; fields of those names, and `exception`, which transports look for, get a `_`, as
 * do keys that every object has. Errors are objects with name, message, stack and causes. `flush` waits until the transports have taken all: what they keep themselves, as
 * files do, is out only when the logger has ended, which is the user's to do. Throws a TypeError for what is no logger of winston, or lacks a level.
 */
export function winstonSink(logger: WinstonLogger, options?: WinstonOptions): Sink {
  return new WinstonSink(logger, options)
}

const pollMs = 5
const shape: FieldShape = {
  taken: new Set(['level', 'message', 'exception']),
  // Formats may add to what they find, and all of it is shared with no one else.
  value: (value) => (value instanceof LoggedError ? { ...value.details } : plain(value)),
}

class WinstonSink implements Sink {
  readonly #logger: WinstonLogger
  readonly #names: Readonly<Record<Level, string>>
  readonly #maxPendingRecords: number
  readonly #flushTimeoutMs: number
  readonly #clock: Clock
  readonly #render = (bound: BoundFields): Info => {
    const info: Info = { ...bound.parent?.rendered(this, this.#render) }
    addForeignFields(info, bound.fields, shape)
    return info
  }
  #dropped = 0

  constructor(logger: WinstonLogger, options: WinstonOptions = {}) {
    const { maxPendingRecords = 10_000, flushTimeoutMs = 5_000, clock = systemClock } = options
    if (typeof logger?.write !== 'function' || typeof logger.levels !== 'object')
      throw new TypeError('logger must be what createLogger() of winston gives')
    this.#logger = logger
    this.#names = levelNames(logger.levels, options.levels)
    this.#maxPendingRecords = checkNumber('maxPendingRecords', maxPendingRecords, { min: 1, max: 10_000_000 })
    this.#flushTimeoutMs = checkNumber('flushTimeoutMs', flushTimeoutMs, { min: 0 })
    this.#clock = clock
  }

  get dropped(): number {
    return this.#dropped
  }

  skips({ level }: RecordOutline): boolean {
    return this.#logger.isLevelEnabled?.(this.#names[level]) === false
  }

  write({ level, message, bound, fields }: LogRecord): void {
    const logger = this.#logger
    // To write to what has ended is an event there that ends the process.
    if (!logger.writable || (logger.writableLength ?? 0) >= this.#maxPendingRecords) {
      this.#dropped++
      return
    }
    // Not with its `log`, which puts what all records have over what this one says.
    const defaults = logger.defaultMeta as object | undefined
    const info = { ...defaults, ...bound?.rendered(this, this.#render), level: this.#names[level], message }
    if (fields !== undefined) addForeignFields(info, fields, shape)
    logger.write(info)
  }

  async flush(): Promise<void> {
    const until = this.#clock.now() + this.#flushTimeoutMs
    // Streams tell that they have room again only to those who have found them full.
    while (this.#pending() > 0 && this.#clock.now() < until) await this.#clock.sleep(pollMs)
  }

  #pending(): number {
    const streams = [this.#logger, ...(this.#logger.transports ?? [])]
    return streams.reduce((sum, stream) => sum + (stream.writableLength ?? 0) + (stream.readableLength ?? 0), 0)
  }
}
