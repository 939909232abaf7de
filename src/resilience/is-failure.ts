// isFailure: whether an error says that something is wrong with who was called, for policies of others that ask for a function.
import { classify, outcomeOfError } from '../core/outcome.ts'

/**
 * True for what our own breaker counts as a failure: by the code of the error, and for whatever is no ServiceError. False for the
 * caller's mistakes, its cancellations and limits, which say nothing about who answered.
 */
export function isFailure(error: unknown): boolean {
  return classify(outcomeOfError(error)) === 'failure'
}
