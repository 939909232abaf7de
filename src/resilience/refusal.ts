// The error of a policy that refuses a call: made without a stack, since under overload it is made more often than anything else.
import type { Code } from '../core/codes.ts'
import { ServiceError, unsharedError } from '../core/errors.ts'

/** An error that says that a call was not run: `retry` is `safe`. A stack would say nothing but where the policy is, and cost as much as serving. */
export function refusal(code: Code, message: string, retryAfterMs?: number | undefined): ServiceError {
  return withoutStack(() => unsharedError(new ServiceError(code, message, { retry: 'safe', retryAfterMs })))
}

/** Makes an error that takes no stack, where the engine lets itself be told. */
export function withoutStack(make: () => ServiceError): ServiceError {
  const { stackTraceLimit } = Error
  if (typeof stackTraceLimit !== 'number' || Object.isFrozen(Error)) return make()
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
