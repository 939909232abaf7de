// What all loggers made of one share: their level, and the way from what is logged to a record in the sink.
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import type { Bindings } from './bindings.ts'
import { contextFields } from './context-fields.ts'
import { isError } from './guarded.ts'
import { type Level, severities } from './level.ts'
import { logLimits, logText, textOf } from './log-value.ts'
import type { Redactor } from './redact.ts'
import { asFields, type Fields, type GivenFields, safeFields } from './safe-fields.ts'
import type { Sink } from './sink.ts'
import { droppedBy, type SinkGuard } from './sink-guard.ts'
import { logValue } from './value-walk.ts'

/** Where a logger and those made of it log to. */
export class LogOutput {
  readonly redactor: Redactor | undefined
  /** The severity of the level: what is less severe is not logged. */
  least: number
  readonly #sink: Sink
  readonly #guard: SinkGuard
  readonly #clock: Clock
  #level: Level | 'off'

  constructor(sink: Sink, guard: SinkGuard, clock: Clock, redactor: Redactor | undefined, level: Level | 'off') {
    this.redactor = redactor
    this.least = severities[level]
    this.#sink = sink
    this.#guard = guard
    this.#clock = clock
    this.#level = level
  }

  get level(): Level | 'off' {
    return this.#level
  }

  set level(level: Level | 'off') {
    this.#level = level
    this.least = severities[level]
  }

  get dropped(): number {
    return this.#guard.lost + droppedBy(this.#sink)
  }

  flush(): Promise<void> {
    return this.#guard.flush(this.#sink)
  }

  /** Logs, whatever the level; never throws. `caller` finds the program's line right below this and a method of the logger. */
  log(level: Level, message: string, bindings: Bindings, given: GivenFields, ctx: Context | undefined): void {
    const { redactor } = this
    try {
      const at = this.#clock.wallNow()
      if (this.#sink.skips?.({ at, level, message, bound: bindings.node }) === true) return
      const fields = typeof given === 'function' ? made(given) : given
      const isPlain = typeof message === 'string' && message.length <= logLimits.stringChars
      const text = isPlain ? message : messageText(message, redactor)
      let all = ctx ? bindings.with(contextFields(ctx), redactor) : bindings
      if (!isPlain && isError(message)) all = all.with({ error: message }, redactor)
      const bound = all.of(redactor)
      const own = fields ? safeFields(fields, redactor) : undefined
      this.#guard.write(this.#sink, { at, level, message: text, bound, fields: own })
    } catch (thrown) {
      // A clock of somebody's, say.
      this.#guard.failed(thrown)
    }
  }
}

/** What a program's function gives; what it throws is logged in place of that. */
function made(give: () => Fields): Fields {
  try {
    return give()
  } catch (thrown) {
    return asFields(thrown)
  }
}

/** Programs without types log errors, objects and nothing as a message. */
function messageText(message: unknown, redactor: Redactor | undefined): string {
  if (message === undefined || message === null) return ''
  return logText(typeof message === 'string' ? message : textOf(logValue(message, redactor)))
}
