// worthRetrying: what a retry of cockatiel should handle, by what the error says and whether its method is idempotent.
import type { Context } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { isSingle, retryable } from '../retryable.ts'

/** The calls that errors came out of. Cockatiel shows its predicates the error alone. */
const calls = new WeakMap<object, Context>()

/** Notes which call an error came out of, and gives it back. */
export function noteCall<E>(thrown: E, ctx: Context): E {
  if (typeof thrown === 'object' && thrown !== null) calls.set(thrown, ctx)
  return thrown
}

/**
 * For `handleWhen`: true where our own retry would try again: for errors that say `safe`, for those that say `if_idempotent` where the
 * method is idempotent, and never for a call that asked for no repetition.
 */
export function worthRetrying(thrown: unknown): boolean {
  const error = ServiceError.from(thrown)
  const ctx = typeof thrown === 'object' && thrown !== null ? calls.get(thrown) : undefined
  if (ctx === undefined) return error.retry === 'safe'
  return retryable(error, ctx) && !isSingle(ctx)
}
