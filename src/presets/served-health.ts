// The health of a served program: its own or one that it was given, and the lines that tell of it.

import { tell } from '../core/tell.ts'
import { type Health, type HealthOptions, health } from '../health/health.ts'
import { errorFields } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'

/** Gives back a health as it is, and makes one of options whose checks are logged. Undefined for false. Throws a TypeError for what is none of these. */
export function servedHealth(
  given: HealthOptions | Health | false | undefined,
  logger: Logger | undefined,
): Health | undefined {
  if (given === false) return undefined
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw noHealth()
  if (given !== undefined && 'readiness' in given) {
    if (typeof given.setReady === 'function') return given
    throw noHealth()
  }
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

function noHealth(): TypeError {
  return new TypeError('health must be options as { checks }, a health as health() gives it, or false')
}
