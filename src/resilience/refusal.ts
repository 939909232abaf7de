// refusal: the error of a policy that refuses a call, made without a stack, since under overload it is made more often than anything else.
import type { Code } from '../core/codes.ts'
import { ServiceError, unsharedError } from '../core/errors.ts'
import { withoutStack } from '../core/without-stack.ts'

/** Those that were made here: what was refused in this process never reached a wire. */
const refusals = new WeakSet<ServiceError>()

/** Whether a policy of this process refused a call with it. */
export function isRefusal(error: ServiceError): boolean {
  return refusals.has(error)
}

/**
 * An error that says that a call was not run: `retry` is `safe`. A stack would say nothing but where the policy is, and cost as much as
 * serving. `cause` is why the policy refuses at all.
 */
export function refusal(code: Code, message: string, retryAfterMs?: number | undefined, cause?: unknown): ServiceError {
  const error = withoutStack(() => new ServiceError(code, message, { retry: 'safe', retryAfterMs, cause }))
  refusals.add(error)
  return unsharedError(error)
}
