// The sink of pino: records to the logger that a program has already, with its levels, serializers, redaction and transports.
import { type Clock, systemClock } from '../../core/clock.ts'
import { flushWithin } from '../../platform/flush-within.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Level } from '../level.ts'
import type { BoundFields, LogRecord, RecordOutline } from '../log-record.ts'
import type { Sink } from '../sink.ts'
import { looksLikeHttp, type PinoChild, pinoChild, pinoFields } from './fields.ts'
import { type PinoLogger, pinoMethod } from './logger.ts'

export type { PinoLogger } from './logger.ts'

/** How records become pino's. */
export interface PinoOptions {
  /** The names of pino's levels for ours, where they differ: `{ debug: 'trace' }`. @default the same names */
  readonly levels?: Partial<Readonly<Record<Level, string>>> | undefined
  /** How long `flush` waits for pino, in milliseconds. @default 5_000 */
  readonly flushTimeoutMs?: number | undefined
  /** For the limit of `flush`. @default systemClock */
  readonly clock?: Clock | undefined
}

/**
 * Writes records with a logger of pino: what is bound with `with` becomes bindings of children, which pino renders once, and other fields its merging object.
 * Errors are objects with `type`, `message`, `stack` and causes; keys that every object has, such as `constructor`, get a `_`, for pino breaks its JSON at them.
 * pino says the time itself. A record that pino's own level leaves out is not even made. It stays the user's to close. Throws a TypeError for what is no pino,
 * or has no such level.
 */
export function pinoSink(logger: PinoLogger, options?: PinoOptions): Sink {
  return new PinoSink(logger, options)
}

const levels = ['debug', 'info', 'warn', 'error'] as const

class PinoSink implements Sink {
  readonly #root: PinoChild
  readonly #names: Readonly<Record<Level, string>>
  readonly #flushTimeoutMs: number
  readonly #clock: Clock
  readonly #render = (bound: BoundFields): PinoChild =>
    pinoChild(bound.parent?.rendered(this, this.#render) ?? this.#root, bound)

  constructor(logger: PinoLogger, { levels: given, flushTimeoutMs = 5_000, clock = systemClock }: PinoOptions = {}) {
    if (typeof logger?.child !== 'function' || typeof logger.isLevelEnabled !== 'function')
      throw new TypeError('logger must be what pino() gives')
    this.#root = { logger, others: undefined }
    this.#names = { debug: 'debug', info: 'info', warn: 'warn', error: 'error', ...given }
    for (const level of levels) {
      const name = this.#names[level]
      if (pinoMethod(logger, name) === undefined)
        throw new TypeError(`levels.${level} must be a level of the logger, which has no ${JSON.stringify(name)}`)
    }
    this.#flushTimeoutMs = checkNumber('flushTimeoutMs', flushTimeoutMs, { min: 0 })
    this.#clock = clock
  }

  skips({ level }: RecordOutline): boolean {
    return !this.#root.logger.isLevelEnabled(this.#names[level])
  }

  write({ level, message, bound, fields }: LogRecord): void {
    const { logger, others } = bound === undefined ? this.#root : bound.rendered(this, this.#render)
    const all = fields === undefined ? others : pinoFields(others, fields)
    const text = message === '' ? undefined : message
    const isHttp = all !== undefined && looksLikeHttp(all)
    const to = isHttp ? logger.child(all) : logger
    pinoMethod(to, this.#names[level])?.call(to, isHttp ? undefined : all, text)
  }

  flush(): Promise<void> {
    const { logger } = this.#root
    return flushWithin(this.#flushTimeoutMs, this.#clock, () => new Promise<void>((done) => logger.flush(() => done())))
  }
}
