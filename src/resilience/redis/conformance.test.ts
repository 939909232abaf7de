import { describe, it } from 'node:test'
import { PlayedRedis } from '../../../test/resilience/played-redis.ts'
import { type RateLimitHarness, rateLimitCases } from '../../testing/conformance/rate-limit.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { redisRateLimit } from './rate-limit.ts'

const can = { keys: true, weights: true, retryAfter: true, most: true }

for (const state of ['up', 'hangs', 'refuses'] as const) {
  const harness: RateLimitHarness = {
    can,
    limit: ({ calls, ...wanted }) => {
      const redis = new PlayedRedis(manualClock({ startAt: 1_000 }))
      redis.state = state
      return redisRateLimit({ client: redis.send, name: 'cases', perSecond: 0.001, burst: calls, ...wanted })
    },
  }
  describe(`redisRateLimit, with a Redis that ${state === 'up' ? 'answers' : state}`, () => {
    for (const { name, run } of rateLimitCases(can)) it(name, () => run(harness))
  })
}
