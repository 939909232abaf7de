// What must compile of the adapters for other policy libraries and for Redis: the real packages fit where they are taken by structure.
import Bottleneck from 'bottleneck'
import * as theirs from 'cockatiel'
import { Cluster, Redis } from 'ioredis'
import CircuitBreaker from 'opossum'
import * as flexible from 'rate-limiter-flexible'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import type { Endpoint, Middleware } from 'servicekit'
import { clientPipeline } from '../../src/presets/client-pipeline.ts'
import { observe } from '../../src/presets/observe.ts'
import { serverPipeline } from '../../src/presets/server-pipeline.ts'
import { bottleneck } from '../../src/resilience/bottleneck/bottleneck.ts'
import { bulkhead } from '../../src/resilience/bulkhead.ts'
import { asCockatiel } from '../../src/resilience/cockatiel/as-cockatiel.ts'
import { cockatiel } from '../../src/resilience/cockatiel/cockatiel.ts'
import { worthRetrying } from '../../src/resilience/cockatiel/worth-retrying.ts'
import { isFailure } from '../../src/resilience/is-failure.ts'
import { errorFilter } from '../../src/resilience/opossum/error-filter.ts'
import { opossum, runCall } from '../../src/resilience/opossum/opossum.ts'
import { flexibleRateLimit } from '../../src/resilience/rate-limiter-flexible/rate-limit.ts'
import { redisRateLimit } from '../../src/resilience/redis/rate-limit.ts'

/** All of them are middlewares for any endpoint. */
export const layers: readonly Middleware[] = [
  opossum(new CircuitBreaker(runCall, { errorFilter, timeout: 2_000 })),
  bottleneck(new Bottleneck({ maxConcurrent: 5 }), { priority: () => 0 }),
  flexibleRateLimit(new flexible.RateLimiterMemory({ points: 5, duration: 1 }), { ifStoreFails: 'refuse' }),
  cockatiel(theirs.noop),
  cockatiel(
    theirs.wrap(
      theirs.retry(theirs.handleWhen(worthRetrying), { maxAttempts: 3 }),
      theirs.circuitBreaker(theirs.handleWhen(isFailure), {
        halfOpenAfter: 1_000,
        breaker: new theirs.ConsecutiveBreaker(5),
      }),
      theirs.timeout(100, theirs.TimeoutStrategy.Cooperative),
      theirs.bulkhead(10, 5),
    ),
  ),
]

// Ours stand where a policy of cockatiel does.
export const policy: theirs.IPolicy = asCockatiel(bulkhead({ limit: 5 }))
theirs.wrap(theirs.retry(theirs.handleAll, { maxAttempts: 1 }), asCockatiel(bulkhead())).execute(async (given) => {
  given.signal.throwIfAborted()
  return given.attempt + given.ctx.remainingMs()
})
theirs.usePolicy(asCockatiel(bulkhead()))

// What a fallback may give is in the type of the response.
const find: Endpoint<string, number> = async (text) => text.length
export const found: Endpoint<string, number | 'none'> = cockatiel(theirs.fallback(theirs.handleAll, 'none' as const))(
  find,
)
// @ts-expect-error: it may give something else than a number
export const sure: Endpoint<string, number> = cockatiel(theirs.fallback(theirs.handleAll, 'none' as const))(find)

// @ts-expect-error: an action of one's own does not run the call
opossum(new CircuitBreaker(async (n: number) => n))

// Every limiter of rate-limiter-flexible, whatever its store.
const client = createClient()
const ioredis = new Redis()
flexibleRateLimit(new flexible.RateLimiterRedis({ storeClient: ioredis, points: 5, duration: 1 }))
const memory = new flexible.RateLimiterMemory({ points: 5, duration: 1 })
flexibleRateLimit(new flexible.RateLimiterUnion(memory, memory))
flexibleRateLimit(new flexible.BurstyRateLimiter(memory, memory))

const group = new Bottleneck.Group({ maxConcurrent: 1 })
bottleneck((request: { tenant: string }) => group.key(request.tenant), { weight: ({ tenant }) => tenant.length })

// Every client of Redis.
for (const each of [
  client,
  createClientPool(),
  createCluster({ rootNodes: [] }),
  createSentinel({ name: 'main', sentinelRootNodes: [] }),
  ioredis,
  new Cluster([]),
])
  redisRateLimit({ client: each, name: 'orders', perSecond: 100 })
redisRateLimit({ client: (command) => client.sendCommand([...command]), name: 'orders', perSecond: 100 })
redisRateLimit({ client: (command) => ioredis.call(command[0] ?? '', ...command.slice(1)), name: 'x', perSecond: 1 })

// @ts-expect-error: nobody waits for a limit in Redis
redisRateLimit({ client, name: 'orders', perSecond: 100, maxWaitMs: 100 })

// One in Redis stands in the pipelines where ours does, and all take the events of `observe`.
const { events } = observe({ side: 'client' })
const rateLimit = redisRateLimit({ ...events, client, name: 'orders', perSecond: 100 })
clientPipeline({ rateLimit })
serverPipeline({ rateLimit })
opossum(new CircuitBreaker(runCall), events)
cockatiel(theirs.noop, events)
bottleneck(new Bottleneck(), events)
flexibleRateLimit(memory, events)
