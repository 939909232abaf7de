// The call log: one line for each call that is served or made, with how it ended and how long it took.
import type { Context } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import { type Middleware, tap } from '../core/endpoint.ts'
import { attempt, inbound } from '../core/inbound.ts'
import { classify, type Outcome } from '../core/outcome.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Level, severities } from './level.ts'
import type { Fields, Logger } from './logger.ts'
import { errorLine } from './value-walk.ts'

/** What is logged of calls. */
export interface LogCallsOptions {
  /** The message of each line. @default 'call' */
  readonly message?: string | undefined
  /** The level of a line; `off` for none. @default levelOf: failures of ours are errors, other failures warnings, all else is info */
  readonly level?: ((outcome: Outcome) => Level | 'off') | undefined
  /** From how long on a unary call is slow, in milliseconds: its line says so, and is a warning at least. Infinity for never. @default 1_000 */
  readonly slowMs?: number | undefined
}

/** The level of a call by how it ended: `error` where it is our fault, `warn` where it failed otherwise, `info` for success and for the caller's own mistakes. */
export function levelOf(outcome: Outcome): Level {
  if (classify(outcome) !== 'failure') return 'info'
  const { code } = outcome
  return code === 'internal' || code === 'unknown' || code === 'data_loss' ? 'error' : 'warn'
}

/** A call that has ended. */
export interface EndedCall {
  readonly ctx: Context
  readonly outcome: Outcome
  /** In milliseconds. */
  readonly tookMs: number
}

/**
 * Logs each call once, when it has ended: `method`, `code`, `took`, and where there is something to say `error`, `failure`,
 * `attempt`, `peer` and `slow`, with the request id, the trace and the deadline of its context. A stream has ended when its last message
 * has been read. Throws a TypeError or RangeError for an option out of its range.
 */
export function logCalls(logger: Logger, options?: LogCallsOptions): Middleware {
  const log = callLog(logger, options)
  return (next) =>
    tap(next, {
      onStart: ({ clock }) => clock.now(),
      onEnd: (startedAt, outcome, ctx) => log({ ctx, outcome, tookMs: ctx.clock.now() - startedAt }),
    })
}

/** What `logCalls` does with a call that has ended, for those who watch calls already. Throws as that does. */
export function callLog(logger: Logger, options?: LogCallsOptions): (call: EndedCall) => void {
  const { message = 'call', level = levelOf } = options ?? {}
  if (typeof logger?.log !== 'function') throw new TypeError('logCalls needs a logger')
  const slowMs = checkNumber('slowMs', options?.slowMs ?? 1_000, { min: 0 })
  return ({ ctx, outcome, tookMs }) => {
    const isSlow = tookMs >= slowMs && ctx.method.kind === 'unary'
    const chosen = level(outcome)
    const severe = isSlow && severities[chosen] < severities.warn ? 'warn' : chosen
    if (severe !== 'off' && logger.isEnabled(severe))
      logger.log(severe, message, () => fieldsOf(ctx, outcome, tookMs, severe === 'error', isSlow), ctx)
  }
}

function fieldsOf(ctx: Context, outcome: Outcome, tookMs: number, isFault: boolean, isSlow: boolean): Fields {
  const { peer } = ctx.get(inbound)
  const count = ctx.get(attempt)
  return {
    method: ctx.method.fullName,
    code: outcome.code,
    took: formatDuration(tookMs),
    // The stack of a mistake of the caller's says nothing; that of a fault is what somebody will want.
    error: isFault ? outcome.error : errorLine(outcome.error),
    failure: outcome.failure,
    attempt: count > 1 ? count : undefined,
    peer: peer || undefined,
    slow: isSlow || undefined,
  }
}
