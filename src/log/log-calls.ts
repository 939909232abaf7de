// The call log: one line for each call that is served or made, with how it ended and how long it took.
import type { Context } from '../core/context.ts'
import { formatDuration } from '../core/duration.ts'
import { type Middleware, tap } from '../core/endpoint.ts'
import { originalOf } from '../core/errors.ts'
import { attempt, inbound } from '../core/inbound.ts'
import type { MethodInfo } from '../core/method.ts'
import { classify, type EndedCall, type Outcome } from '../core/outcome.ts'
import { checkNumber } from '../primitives/check.ts'
import { errorLine } from './error-line.ts'
import { guarded } from './guarded.ts'
import { type Level, severities } from './level.ts'
import { checkLogger, type Fields, type Logger } from './logger.ts'

/** What is logged of calls. */
export interface LogCallsOptions {
  /** At which end: of calls that are served, or that are made. @default 'server' */
  readonly side?: 'server' | 'client' | undefined
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

/**
 * Logs each call once, when it has ended: `method`, `code`, `took`, and where there is something to say `error` (a line of text, with its causes),
 * `stack` (of faults of ours), `failure`, `attempt`, `peer` and `slow`, with the request id, the trace and the deadline of its context. The message
 * is `served orders/place ok`, or `called …` at a client, so that a sampled log has some of each method and outcome. A stream has ended when its
 * last message has been read. Throws a TypeError or RangeError for an option out of its range.
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
  const { side = 'server', level = levelOf } = options ?? {}
  checkLogger(logger)
  if (side !== 'server' && side !== 'client')
    throw new TypeError(`side must be 'server' or 'client', but is ${JSON.stringify(side)}`)
  const slowMs = checkNumber('slowMs', options?.slowMs ?? 1_000, { min: 0 })
  const messages = new Messages(side === 'server' ? 'served' : 'called')
  return ({ ctx, outcome, tookMs }) => {
    const isSlow = tookMs >= slowMs && ctx.method.kind === 'unary'
    const chosen = level(outcome)
    const severe = isSlow && severities[chosen] < severities.warn ? 'warn' : chosen
    if (severe === 'off') return
    const fields = () => fieldsOf(ctx, outcome, tookMs, severe === 'error', isSlow)
    logger.log(severe, messages.of(ctx.method, outcome.code), fields, ctx)
  }
}

/** The messages of calls, each made once: a sampled log looks at nothing else. */
class Messages {
  readonly #did: string
  readonly #known = new WeakMap<MethodInfo, Map<string, string>>()

  constructor(did: string) {
    this.#did = did
  }

  of(method: MethodInfo, code: string): string {
    let byCode = this.#known.get(method)
    if (byCode === undefined) {
      byCode = new Map()
      this.#known.set(method, byCode)
    }
    let message = byCode.get(code)
    if (message === undefined) {
      message = `${this.#did} ${method.fullName} ${code}`
      byCode.set(code, message)
    }
    return message
  }
}

function fieldsOf(ctx: Context, outcome: Outcome, tookMs: number, isFault: boolean, isSlow: boolean): Fields {
  const { peer } = ctx.get(inbound)
  const count = ctx.get(attempt)
  return {
    method: ctx.method.fullName,
    code: outcome.code,
    took: formatDuration(tookMs),
    ...errorFields(originalOf(outcome.error), isFault),
    failure: outcome.failure,
    attempt: count > 1 ? count : undefined,
    peer: peer || undefined,
    slow: isSlow || undefined,
  }
}

/** What was thrown as `error`, a line of text in every format, and as `stack` where somebody will want it: that of a caller's mistake says nothing. */
export function errorFields(thrown: unknown, isFault: boolean): Fields {
  return { error: errorLine(thrown), stack: isFault ? guarded(() => (thrown as Partial<Error>).stack) : undefined }
}
