// The logger: what code that logs is given. It decides what is worth a record and makes it safe; sinks do the rest.
import { type Clock, systemClock } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import { Bindings } from './bindings.ts'
import { contextFields } from './context-fields.ts'
import { checkLevel, type Level, severities } from './level.ts'
import { LogOutput } from './log-output.ts'
import { Redactor, redact } from './redact.ts'
import type { Fields, GivenFields } from './safe-fields.ts'
import { checkSink, type Sink } from './sink.ts'
import { type SinkFailed, SinkGuard } from './sink-guard.ts'

export type { Fields, GivenFields } from './safe-fields.ts'
export type { SinkFailed } from './sink-guard.ts'

/** Logs. Nothing of it throws, waits or blocks. */
export interface Logger {
  /**
   * The least severe level that is logged, here and in all loggers made with `with`; it can be changed at any time. A method that was
   * taken off its logger, `log.debug.bind(log)`, while its level was not logged stays silent.
   */
  level: Level | 'off'
  /** What only a developer wants to see. */
  debug(message: string, fields?: GivenFields, ctx?: Context): void
  /** What happens as it should. */
  info(message: string, fields?: GivenFields, ctx?: Context): void
  /** What should not have happened, and was dealt with. */
  warn(message: string, fields?: GivenFields, ctx?: Context): void
  /** What somebody must look at. */
  error(message: string, fields?: GivenFields, ctx?: Context): void
  /** As the method of that name. */
  log(level: Level, message: string, fields?: GivenFields, ctx?: Context): void
  /** Whether a record of this level would be logged: for fields that are dear to make. */
  isEnabled(level: Level): boolean
  /** Returns a logger whose records have these fields too, and the request id, the trace and the deadline of `ctx`. */
  with(fields: Fields, ctx?: Context): Logger
  /** How many records were lost: by the sink, or because it threw. */
  readonly dropped: number
  /** Resolves when all that was logged before has left. Never rejects. */
  flush(): Promise<void>
}

/** How a logger logs. */
export interface LoggerOptions {
  /** The least severe level that is logged. @default 'info' */
  readonly level?: Level | 'off' | undefined
  /** What is hidden; false hides nothing. @default redact() */
  readonly redact?: Redactor | false | undefined
  /** Told when the sink throws: at first, and then once a minute at most. @default prints it with `console.error` */
  readonly onError?: ((event: SinkFailed) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** Makes a logger. Throws a TypeError for a sink or an option that makes no sense. */
export function logger(sink: Sink, options?: LoggerOptions): Logger {
  const { redact: redactor = redact(), level = 'info', clock = systemClock, onError } = options ?? {}
  if (redactor !== false && !(redactor instanceof Redactor))
    throw new TypeError('redact must be false, or what redact() gives')
  if (onError !== undefined && typeof onError !== 'function') throw new TypeError('onError must be a function')
  const guard = new SinkGuard(clock, onError)
  const output = new LogOutput(checkSink(sink), guard, clock, redactor || undefined, checkLevel('level', level))
  // A class of their own for all loggers of this output: `open` changes its methods.
  const Loggers = class extends BoundLogger {}
  open(Loggers, output.least)
  return new Loggers(output, Bindings.none())
}

/** Gives a logger back. Throws a TypeError for anything else, also for one of another library: `logger(sink)` makes one. */
export function checkLogger(value: Logger): Logger {
  const needed = ['log', 'isEnabled', 'with', 'flush'] as const
  const missing = needed.find((method) => typeof value?.[method] !== 'function')
  if (missing === undefined) return value
  throw new TypeError(`logger must be one that logger(sink) gives, but has no method ${missing}()`)
}

const levels = ['debug', 'info', 'warn', 'error'] as const
const { debug, info, warn, error } = severities

/** Of the four methods only those whose level is logged are called, see `open`; they look again, for whoever holds one from before. */
class BoundLogger implements Logger {
  readonly #output: LogOutput
  readonly #bindings: Bindings

  constructor(output: LogOutput, bindings: Bindings) {
    this.#output = output
    this.#bindings = bindings
  }

  get level(): Level | 'off' {
    return this.#output.level
  }

  set level(level: Level | 'off') {
    this.#output.level = checkLevel('level', level)
    open(this.#loggers, this.#output.least)
  }

  debug(message: string, fields?: GivenFields, ctx?: Context): void {
    if (debug >= this.#output.least) this.#output.log('debug', message, this.#bindings, fields, ctx)
  }

  info(message: string, fields?: GivenFields, ctx?: Context): void {
    if (info >= this.#output.least) this.#output.log('info', message, this.#bindings, fields, ctx)
  }

  warn(message: string, fields?: GivenFields, ctx?: Context): void {
    if (warn >= this.#output.least) this.#output.log('warn', message, this.#bindings, fields, ctx)
  }

  error(message: string, fields?: GivenFields, ctx?: Context): void {
    if (error >= this.#output.least) this.#output.log('error', message, this.#bindings, fields, ctx)
  }

  log(level: Level, message: string, fields?: GivenFields, ctx?: Context): void {
    const known = knownLevel(level)
    if (known !== undefined && severities[known] >= this.#output.least)
      this.#output.log(known, message, this.#bindings, fields, ctx)
  }

  isEnabled(level: Level): boolean {
    const known = knownLevel(level)
    return known !== undefined && severities[known] >= this.#output.least
  }

  with(fields: Fields, ctx?: Context): Logger {
    const { redactor } = this.#output
    const inner = ctx ? this.#bindings.with(contextFields(ctx), redactor) : this.#bindings
    return new this.#loggers(this.#output, inner.with(fields, redactor))
  }

  get dropped(): number {
    return this.#output.dropped
  }

  flush(): Promise<void> {
    return this.#output.flush()
  }

  get #loggers(): typeof BoundLogger {
    return this.constructor as typeof BoundLogger
  }
}

/**
 * Lets the methods of a class log that are severe enough, and the others do nothing: calls of those V8 leaves out, arguments
 * included, while a comparison takes a nanosecond.
 */
function open(loggers: typeof BoundLogger, least: number): void {
  for (const level of levels) {
    const method = severities[level] >= least ? BoundLogger.prototype[level] : nothing
    // V8 trusts in a method that was never replaced, and need not look it up.
    if (loggers.prototype[level] !== method) loggers.prototype[level] = method
  }
}

function nothing(): void {}

/** Programs without types have levels of their own: what they log with those is not lost. */
function knownLevel(level: Level): Level | undefined {
  switch (level) {
    case 'debug':
    case 'info':
    case 'warn':
    case 'error':
      return level
    default:
      // `off` is a level for loggers only.
      return (level as string) === 'off' ? undefined : 'error'
  }
}
