// refusal: the error of a policy that refuses a call, made without a stack, since under overload it is made more often than anything else.
import type { Code } from '../core/codes.ts'
import { ServiceError, unsharedError } from '../core/errors.ts'
import { noteRefusal } from '../core/refusals.ts'
import { withoutStack } from '../core/without-stack.ts'

/**
 * An error that says that a call was not run: `retry` is `safe`. A stack would say nothing but where the policy is, and cost as much as
 * serving. `cause` is why the policy refuses at all.
 */
export function refusal(code: Code, message: string, retryAfterMs?: number | undefined, cause?: unknown): ServiceError {
  const error = withoutStack(() => new ServiceError(code, message, { retry: 'safe', retryAfterMs, cause }))
  return unsharedError(noteRefusal(error))
}
