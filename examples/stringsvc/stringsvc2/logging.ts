// Logging as a service decorator: it knows what the methods mean, and says so in their own words.
import { systemClock } from 'servicekit'
import { Duration } from 'servicekit/core/duration'
import type { Logger } from 'servicekit/log/logger'
import type { StringService } from './service.ts'

export function logging(next: StringService, logger: Logger): StringService {
  return {
    uppercase(request) {
      const beganAt = systemClock.now()
      const response = next.uppercase(request)
      const took = new Duration(systemClock.now() - beganAt)
      logger.info('', { method: 'uppercase', input: request.s, output: response.v, err: response.err, took })
      return response
    },
    count(request) {
      const beganAt = systemClock.now()
      const response = next.count(request)
      const took = new Duration(systemClock.now() - beganAt)
      logger.info('', { method: 'count', input: request.s, n: response.v, took })
      return response
    },
  }
}
