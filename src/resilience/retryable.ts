// retryable: whether an error is worth another attempt, the rule of retry and hedge, in terms of what the error says and what the method is.
import { callOptions } from '../core/call-options.ts'
import type { Context } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'

/** An error that says `safe` always is; one that says `if_idempotent` where the method is idempotent; one that says `never` is not. */
export function retryable(error: ServiceError, ctx: Context): boolean {
  return error.retry === 'safe' || (error.retry === 'if_idempotent' && ctx.method.idempotent)
}

/** Whether the caller asked not to repeat this call. */
export function isSingle(ctx: Context): boolean {
  return ctx.get(callOptions)?.retry === false
}
