// How a call ended, in the one form that metrics, logs, breakers and retries look at.
import { type Code, codes, type Verdict } from './codes.ts'
import type { Context } from './context.ts'
import { ServiceError } from './errors.ts'

/** How one call ended: with an error, or with a response that may itself carry a business failure. */
export interface Outcome {
  /** `ok`, or the code of the error. A business failure does not change it: the wire saw a good response. */
  readonly code: Code | 'ok'
  /** Why there is no response. */
  readonly error: ServiceError | undefined
  /** What the method's `failed` found in the response; undefined when it found nothing. */
  readonly failure: unknown
}

/** A call that has ended, for those who watch calls. */
export interface EndedCall {
  readonly ctx: Context
  readonly outcome: Outcome
  /** In milliseconds. */
  readonly tookMs: number
}

/** Judges an outcome for whoever counts failures. */
export type Classify = (outcome: Outcome) => Verdict

const ok: Outcome = Object.freeze({ code: 'ok', error: undefined, failure: undefined })

/**
 * The outcome of a call that gave a response. `failed` is the method's own: whatever is truthy of it is a business failure,
 * and so is what it throws, since those who only watch a call must not fail it.
 */
export function outcomeOf(response: unknown, failed?: ((response: unknown) => unknown) | undefined): Outcome {
  if (failed === undefined) return ok
  let failure: unknown
  try {
    failure = failed(response)
  } catch (thrown) {
    failure = thrown || new Error(`failed() threw ${String(thrown)}`)
  }
  return failure ? { code: 'ok', error: undefined, failure } : ok
}

/** The outcome of a call that threw. */
export function outcomeOfError(thrown: unknown): Outcome {
  const error = ServiceError.from(thrown)
  return { code: error.code, error, failure: undefined }
}

/**
 * The usual judgement: an error means what its code means, a business failure is a failure unless it is a ServiceError
 * whose code says otherwise.
 */
export const classify: Classify = ({ error, failure }) => {
  if (error !== undefined) return codes[error.code].breaker
  if (failure === undefined) return 'success'
  return failure instanceof ServiceError ? codes[failure.code].breaker : 'failure'
}
