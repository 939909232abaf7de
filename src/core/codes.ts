// The sixteen error codes of gRPC and Connect, and what each one means to a breaker and to a retry: the only such table.

/** Whether a call may be repeated: `safe` was never run, `if_idempotent` may have run, `never` must not be tried again. */
export type Retry = 'never' | 'safe' | 'if_idempotent'

/** What an outcome says about the health of whoever answered; `ignored` neither trips a breaker nor counts as success. */
export type Verdict = 'success' | 'failure' | 'ignored'

/** One of the sixteen codes. */
export type Code =
  | 'canceled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated'

/** What a code means to policies. */
export interface CodeMeaning {
  /** What the code says about the health of the instance that sent it. */
  readonly breaker: Verdict
  /** What an error of this code means for retries unless its sender knows more. */
  readonly retry: Retry
}

/** The caller's own doing, or a limit: nothing is wrong with who answered, and trying again would change nothing. */
const ofTheCaller: CodeMeaning = { breaker: 'ignored', retry: 'never' }
/** A fault of who answered, which a repetition would meet again. */
const fault: CodeMeaning = { breaker: 'failure', retry: 'never' }
/** No answer: the work may have been done, or not. */
const noAnswer: CodeMeaning = { breaker: 'failure', retry: 'if_idempotent' }

/**
 * Every code, with its meaning. Nothing is `safe` by its code alone: only who refused a call before it ran can know that,
 * and says so on the error.
 */
export const codes: Readonly<Record<Code, CodeMeaning>> = {
  /** The caller gave up. */
  canceled: ofTheCaller,
  /** An error of another system that says no more. */
  unknown: fault,
  /** The request is wrong whatever the state of the system. */
  invalid_argument: ofTheCaller,
  /** The deadline passed before the answer. */
  deadline_exceeded: noAnswer,
  not_found: ofTheCaller,
  already_exists: ofTheCaller,
  /** The caller is known and may not do this. */
  permission_denied: ofTheCaller,
  /** A limit or quota is used up. A limiter that refused before the work began says `safe`. */
  resource_exhausted: ofTheCaller,
  /** The system is not in a state for this; the caller must change that first. */
  failed_precondition: ofTheCaller,
  /** A conflict, such as a lost transaction: repeat the whole sequence, not this call. */
  aborted: ofTheCaller,
  /** Past the end of what there is. */
  out_of_range: ofTheCaller,
  unimplemented: ofTheCaller,
  /** A fault of the service. */
  internal: fault,
  /** Not reachable or not ready now. */
  unavailable: noAnswer,
  /** Data is lost or corrupt. */
  data_loss: fault,
  /** The caller is not known. */
  unauthenticated: ofTheCaller,
}

/** Whether a value that came from outside is one of the sixteen codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(codes, value)
}
