// Logging as a service decorator, around a service that may take its time and may fail.
import { systemClock } from 'servicekit'
import { Duration } from 'servicekit/core/duration'
import type { Logger } from 'servicekit/log/logger'
import type { StringService } from './service.ts'

export function logging(next: StringService, logger: Logger): StringService {
  return {
    async uppercase(request, ctx) {
      const beganAt = systemClock.now()
      const say = (output: string, err: string | null) => {
        const took = new Duration(systemClock.now() - beganAt)
        logger.info('', { method: 'uppercase', input: request.s, output, err, took })
      }
      try {
        const response = await next.uppercase(request, ctx)
        say(response.v, response.err)
        return response
      } catch (thrown) {
        say('', thrown instanceof Error ? thrown.message : String(thrown))
        throw thrown
      }
    },
    async count(request, ctx) {
      const beganAt = systemClock.now()
      const response = await next.count(request, ctx)
      logger.info('', {
        method: 'count',
        input: request.s,
        n: response.v,
        took: new Duration(systemClock.now() - beganAt),
      })
      return response
    },
  }
}
