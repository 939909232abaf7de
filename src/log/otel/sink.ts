// The sink of OpenTelemetry: records to a logger of its logs API, whose processors and exporters are the user's.
import { ROOT_CONTEXT } from '@opentelemetry/api'
import { type Clock, systemClock } from '../../core/clock.ts'
import { flushWithin } from '../../platform/flush-within.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Level } from '../level.ts'
import type { BoundFields, LogRecord, RecordOutline } from '../log-record.ts'
import type { Sink } from '../sink.ts'
import { addAttributes } from './attributes.ts'
import type { OtelAttributes, OtelLogger } from './logger.ts'
import { traceOf } from './trace-of.ts'

export type { OtelAttributes, OtelLogger, OtelRecord, OtelValue } from './logger.ts'

/** How records become OpenTelemetry's. */
export interface OtelOptions {
  /** Under which key a record has the error that is its exception; false for none. @default 'error' */
  readonly errorKey?: string | false | undefined
  /** Sends what is there: `() => provider.forceFlush()`. Its failure is the exporter's to tell. @default nothing: its API has no flush */
  readonly flush?: (() => unknown) | undefined
  /** How long `flush` waits, in milliseconds. @default 5_000 */
  readonly flushTimeoutMs?: number | undefined
  /** For the limit of `flush`. @default systemClock */
  readonly clock?: Clock | undefined
}

/**
 * Emits records with a logger of OpenTelemetry: `otelSink(provider.getLogger('orders'))`. The message is the body, fields are attributes, lists and objects among
 * them, and the error under `error` is `exception.type`, `exception.message` and `exception.stacktrace`. Levels are the severities 5, 9, 13 and 17, with their names
 * as text. A record with `trace_id` and `span_id`, as `log.info(message, fields, ctx)` has them, belongs to that span, any other to the active one. Keys that are
 * empty or that every object has get a `_`. It stays the user's to close. Throws a TypeError for what is no logger.
 */
export function otelSink(logger: OtelLogger, options?: OtelOptions): Sink {
  return new OtelSink(logger, options)
}

// The data model for logs, Severity Fields.
const severityNumbers: Readonly<Record<Level, number>> = { debug: 5, info: 9, warn: 13, error: 17 }

class OtelSink implements Sink {
  readonly #logger: OtelLogger
  readonly #errorKey: string | false
  readonly #flush: (() => unknown) | undefined
  readonly #flushTimeoutMs: number
  readonly #clock: Clock
  readonly #render = (bound: BoundFields): OtelAttributes => {
    const attributes: OtelAttributes = { ...bound.parent?.rendered(this, this.#render) }
    addAttributes(attributes, bound.fields, this.#errorKey)
    return attributes
  }

  constructor(logger: OtelLogger, options: OtelOptions = {}) {
    const { errorKey = 'error', flush, flushTimeoutMs = 5_000, clock = systemClock } = options
    if (typeof logger?.emit !== 'function')
      throw new TypeError('logger must be what getLogger(name) of a LoggerProvider gives')
    if (errorKey !== false && typeof errorKey !== 'string') throw new TypeError('errorKey must be a text, or false')
    if (flush !== undefined && typeof flush !== 'function') throw new TypeError('flush must be a function')
    this.#logger = logger
    this.#errorKey = errorKey
    this.#flush = flush
    this.#flushTimeoutMs = checkNumber('flushTimeoutMs', flushTimeoutMs, { min: 0 })
    this.#clock = clock
  }

  /** Asked outside of any trace: which one the record belongs to shows only later. */
  skips({ level }: RecordOutline): boolean {
    return this.#logger.enabled?.({ severityNumber: severityNumbers[level], context: ROOT_CONTEXT }) === false
  }

  write({ at, level, message, bound, fields }: LogRecord): void {
    const attributes: OtelAttributes = { ...bound?.rendered(this, this.#render) }
    if (fields !== undefined) addAttributes(attributes, fields, this.#errorKey)
    const context = traceOf(attributes)
    this.#logger.emit({
      timestamp: hrTime(at),
      severityNumber: severityNumbers[level],
      severityText: level,
      ...(message === '' ? undefined : { body: message }),
      attributes,
      ...(context && { context }),
    })
  }

  async flush(): Promise<void> {
    if (this.#flush !== undefined) await flushWithin(this.#flushTimeoutMs, this.#clock, this.#flush)
  }
}

/** A number alone might be taken for milliseconds since the start of the process. */
function hrTime(at: number): [number, number] {
  const seconds = Math.floor(at / 1_000)
  return [seconds, Math.round((at - seconds * 1_000) * 1e6)]
}
