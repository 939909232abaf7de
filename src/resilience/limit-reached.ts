// limitReached: what every rate limit refuses a call with, whoever keeps the count.
import { ServiceError, unsharedError } from '../core/errors.ts'
import { refusal } from './refusal.ts'

/** There is no token now. `waitMs` is how long until there will be; Infinity or undefined where nobody knows. */
export function limitReached(waitMs?: number | undefined, cause?: unknown): ServiceError {
  return refusal('resource_exhausted', 'the rate limit is reached', waitMs === Infinity ? undefined : waitMs, cause)
}

/** There never will be so many tokens at once. */
export function tooHeavy(weight: number, burst: number): ServiceError {
  const message = `the call counts for ${weight}, and the rate limit lets in no more than ${burst} at once`
  return unsharedError(new ServiceError('resource_exhausted', message, { retry: 'never' }))
}
