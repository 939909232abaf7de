// What a server may say of an error that came out of its handler: apart from the call that is served, which only sends it.
import { restated, type ServiceError } from '../core/errors.ts'
import type { Inbound } from '../core/inbound.ts'
import { isRefusal } from '../core/refusals.ts'

/**
 * What this server says of an error. An error that came out of a call which the handler made, or with which a policy refused such a
 * call, says `safe` about that one; this one did run, so here it only means `if_idempotent`.
 */
export function ofThisServer(error: ServiceError, { hasRun }: Inbound): ServiceError {
  const isOfAnother = error.remote !== undefined || (hasRun && isRefusal(error))
  return isOfAnother && error.retry === 'safe' ? restated(error, 'if_idempotent') : error
}
