// What a call's attempts have failed with so far: so that a deadline which comes before the last of them can still say it.
import { type ContextKey, contextKey } from './context-key.ts'
import type { ServiceError } from './errors.ts'

/** Whoever made a call, and will be asked how it ended. */
export interface CallFailures {
  /** An attempt of the call has failed, and another one may follow. */
  noteFailure(error: ServiceError): void
}

/** Bound by clients that have a pipeline; whoever repeats calls notes each failure there. */
export const callFailures: ContextKey<CallFailures | undefined> = contextKey('call-failures', {
  scope: 'hop',
  fallback: undefined,
})
