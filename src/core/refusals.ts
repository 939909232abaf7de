// Errors with which a policy of this process refused a call: what was refused here never reached a wire.
import type { ServiceError } from './errors.ts'

const refusals = new WeakSet<ServiceError>()

/** Notes that a policy of this process refused a call with an error. */
export function noteRefusal(error: ServiceError): ServiceError {
  refusals.add(error)
  return error
}

/** Whether a policy of this process refused a call with it. */
export function isRefusal(error: ServiceError): boolean {
  return refusals.has(error)
}
