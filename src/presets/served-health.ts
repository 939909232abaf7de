// The health of a served program: its own or one that it was given, and the lines that tell of it.

import { tell } from '../core/tell.ts'
import { type Health, type HealthOptions, health } from '../health/health.ts'
import { errorFields } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'

/** Gives back a health as it is, and makes one of options whose checks are logged. Undefined for false. */
export function servedHealth(
  given: HealthOptions | Health | false | undefined,
  logger: Logger | undefined,
): Health | undefined {
  if (given === false) return undefined
  if (given !== undefined && 'readiness' in given) return given
  return health({
    ...given,
    onChange: (event) => {
      if (event.what === 'check') {
        const { name, kind, status, tookMs } = event.check
        const fields = { check: name, kind, status, tookMs, ...errorFields(event.error, false) }
        if (status === 'pass') logger?.info('health check passes again', fields)
        else logger?.warn('health check failed', fields)
      }
      tell(given?.onChange, event)
    },
  })
}
