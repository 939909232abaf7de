// ServiceError: the one error that crosses a wire, and the conversions into it at every boundary.
import { type Code, codes, isCode, type Retry } from './codes.ts'
import { withoutStack } from './without-stack.ts'

/** What an error may say beside its code and message. */
export interface ServiceErrorOptions {
  /** More for the caller: any JSON value. It crosses the wire. */
  readonly details?: unknown
  /** Whether the call may be repeated. @default what the code means, see `codes` */
  readonly retry?: Retry | undefined
  /** How long to wait before a retry, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** What led to this. It stays at home: no transport sends it. */
  readonly cause?: unknown
}

/** A ServiceError as a transport writes it. */
export interface ErrorBody {
  readonly code: Code
  readonly message: string
  readonly retry: Retry
  readonly details?: unknown
  readonly retryAfterMs?: number | undefined
}

const retries: readonly Retry[] = ['never', 'safe', 'if_idempotent']

/** What was thrown, by the error that stands for it. */
const originals = new WeakMap<ServiceError, unknown>()

/** Errors that were made here of what was thrown or sent, so that nobody else holds them. */
const unshared = new WeakSet<ServiceError>()

const brand: unique symbol = Symbol.for('servicekit.ServiceError') as never

/**
 * The only error that crosses a wire: code, message, details and what is known about a retry. Whatever else is thrown
 * becomes `internal`, and its message stays at home.
 */
export class ServiceError extends Error {
  readonly code: Code
  readonly details: unknown
  readonly retry: Retry
  readonly retryAfterMs: number | undefined
  /** The method (`service/name`) of the call that failed with this; undefined for an error that came out of no call. */
  readonly remote: string | undefined

  constructor(code: Code, message?: string, options?: ServiceErrorOptions) {
    if (!isCode(code)) {
      throw new TypeError(`code must be one of ${Object.keys(codes).join(', ')}, but is ${String(code)}`)
    }
    super(message ?? code, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options?.details
    this.retry = options?.retry ?? codes[code].retry
    this.retryAfterMs = options?.retryAfterMs
    this.remote = undefined
  }

  /** Recognises ServiceErrors of any copy of this package in the process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass inherits this method and must still tell its own instances from others.
    // biome-ignore lint/complexity/noThisInStatic: `this` is the subclass here, which its name cannot say.
    if (this !== ServiceError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && isBranded(value)
  }

  /**
   * Turns whatever was thrown into a ServiceError. A ServiceError is returned as it is; anything else becomes `internal`
   * with a text that tells a stranger nothing, and the original as its `cause`.
   */
  static from(thrown: unknown): ServiceError {
    if (isWhole(thrown)) return thrown
    const error = new ServiceError('internal', 'internal error', { cause: thrown })
    originals.set(error, thrown)
    unshared.add(error)
    return error
  }

  /**
   * Turns the reason of an abort into a ServiceError: a ServiceError stays, a `TimeoutError` (what
   * `AbortSignal.timeout` gives) becomes `deadline_exceeded`, anything else is the caller's will: `canceled`.
   */
  static fromAbort(reason: unknown): ServiceError {
    if (reason instanceof ServiceError) return reason
    return isTimeout(reason)
      ? new ServiceError('deadline_exceeded', 'the deadline passed', { cause: reason })
      : new ServiceError('canceled', 'the call was canceled', { cause: reason })
  }

  /**
   * Rebuilds the error that a peer sent, without a stack: it would show where a reply was read. Tolerant, since the body is a stranger's: what is not understood becomes
   * `unknown`, a `retry` or a `retryAfterMs` that makes no sense is left out.
   */
  static fromJSON(body: unknown): ServiceError {
    const { code, message, details, retry, retryAfterMs } = membersOf(body)
    const error = withoutStack(
      () =>
        new ServiceError(isCode(code) ? code : 'unknown', typeof message === 'string' ? message : undefined, {
          details,
          retry: retries.find((known) => known === retry),
          retryAfterMs:
            typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs < Infinity ? retryAfterMs : undefined,
        }),
    )
    unshared.add(error)
    return error
  }

  /** What crosses a wire: no cause, no stack. */
  toJSON(): ErrorBody {
    return bodyOf(this)
  }
}

/** What crosses a wire of an error, whatever a subclass makes of `toJSON`. */
export function bodyOf({ code, message, retry, details, retryAfterMs }: ServiceError): ErrorBody {
  return { code, message, retry, details, retryAfterMs }
}

/** What was thrown before `from` made a ServiceError of it. */
export function originalOf(thrown: unknown): unknown {
  return originals.has(thrown as ServiceError) ? originals.get(thrown as ServiceError) : thrown
}

/** Notes which call an error came out of; the call nearest to the fault wins. An error that others may hold is copied. */
export function markRemote(error: ServiceError, method: string): ServiceError {
  if (error.remote !== undefined) return error
  // Others may hold an error that was not made here, a constant of a policy say, and it would tell them of this call.
  const marked = unshared.has(error) ? error : restated(error)
  ;(marked as { remote: string }).remote = method
  return marked
}

/** Says of an error that nobody else holds it, so that it can be marked where it is. For those who make one for each failure. */
export function unsharedError(error: ServiceError): ServiceError {
  unshared.add(error)
  return error
}

/** Takes `unsharedError` back: several are told of this error now, so that whoever marks it marks a copy. */
export function sharedError(error: ServiceError): ServiceError {
  unshared.delete(error)
  return error
}

/** A new error that came out of a call. */
export function callError(method: string, code: Code, message: string, options?: ServiceErrorOptions): ServiceError {
  const error = new ServiceError(code, `${method}: ${message}`, options)
  ;(error as { remote: string }).remote = method
  return error
}

/** A new error that says the same, or otherwise of retries; the given one is its cause. For errors that others hold too. */
export function restated(error: ServiceError, retry: Retry = error.retry): ServiceError {
  const { code, message, details, retryAfterMs } = error
  return new ServiceError(code, message, { details, retryAfterMs, retry, cause: error })
}

/** Whether it is an error of ours, of whatever copy of the package, and can be sent. */
function isWhole(thrown: unknown): thrown is ServiceError {
  if (!(thrown instanceof ServiceError)) return false
  return looked(() => isCode(thrown.code) && typeof thrown.message === 'string') ?? false
}

function isBranded(value: object): boolean {
  return looked(() => (value as { [brand]?: unknown })[brand] === true) ?? false
}

function isTimeout(reason: unknown): boolean {
  return looked(() => reason instanceof Error && reason.name === 'TimeoutError') ?? false
}

function membersOf(body: unknown): Partial<Record<keyof ErrorBody, unknown>> {
  return looked(() => ({ ...(body as Partial<Record<keyof ErrorBody, unknown>>) })) ?? {}
}

/** Whatever can be thrown or sent comes by here, and a proxy may throw at every look at it. */
function looked<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

// On the prototype: one property for all errors.
Object.defineProperties(ServiceError.prototype, {
  [brand]: { value: true },
  name: { value: 'ServiceError', configurable: true, writable: true },
})
