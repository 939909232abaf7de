// What must compile and what must not, of the policies that make responses: checked by the compiler, never run.
import { contract, endpoints, type Handlers, type Middleware, serverStream, unary } from 'servicekit'
import { z } from 'zod'
import { adaptiveLimit } from '../../src/resilience/adaptive-limit.ts'
import { bulkhead } from '../../src/resilience/bulkhead.ts'
import { cache } from '../../src/resilience/cache.ts'
import { circuitBreaker } from '../../src/resilience/circuit-breaker.ts'
import { coalesce } from '../../src/resilience/coalesce.ts'
import { fallback } from '../../src/resilience/fallback.ts'
import { fault } from '../../src/resilience/fault.ts'
import { rateLimit } from '../../src/resilience/rate-limit.ts'

const svc = contract('svc', {
  sum: unary({
    input: z.object({ a: z.number(), b: z.number().default(0) }),
    output: z.object({ total: z.number() }),
  }),
  find: unary.of<string, { found: string } | { missing: true }>(),
  count: serverStream.of<{ to: number }, { n: number }>(),
})
const impl = {
  sum: ({ a, b }) => ({ total: a + b }),
  find: (found) => ({ found }),
  async *count({ to }) {
    for (let n = 1; n <= to; n++) yield { n }
  },
} satisfies Handlers<typeof svc>

// Request and response are inferred where the policy stands.
endpoints(svc, impl, {
  use: [fault({ delay: { ratio: 0.1, ms: 50 }, match: (ctx) => ctx.method.name === 'sum' })],
  methods: {
    sum: [
      fallback({ to: (error, { a, b }) => ({ total: error.retryAfterMs === undefined ? a + b : 0 }) }),
      cache({ key: ({ a, b }) => a + b, ttlMs: 1_000, cacheable: ({ total }, ctx) => total > 0 && !ctx.aborted }),
      coalesce({ key: (request) => `${request.a},${request.b.toFixed()}` }),
    ],
    find: [fallback({ to: () => ({ missing: true }) })],
    count: [
      fallback({
        async *to(_, { to }) {
          yield { n: to }
        },
      }),
    ],
  },
})

// A policy that is kept, to look at and to empty, says its types.
const sums = cache<{ a: number; b: number }, { total: number }>({ key: ({ a }) => a, ttlMs: 1_000 })
endpoints(svc, impl, { methods: { sum: [sums] } })
sums.delete(1)
sums.snapshot().lookups.hit.toFixed()
const faults = fault({ drop: { ratio: 0.5 } })
const generic: Middleware = faults
endpoints(svc, impl, { use: [generic, faults] })
faults.arm({ forMs: 5_000 })

// What looks at requests says what it takes them for; it is generic middleware all the same.
type Sum = { a: number; b: number }
endpoints(svc, impl, {
  use: [
    rateLimit({ perSecond: 1, weight: ({ a }: Sum) => a }),
    bulkhead<Sum>({ priority: ({ a }) => a }),
    circuitBreaker({ key: (request: Sum) => request.b.toFixed() }),
    adaptiveLimit<Sum>({
      priority: ({ a }) => a,
      partitions: { even: 0.5 },
      partition: ({ b }, ctx) => (b % 2 === 0 ? 'even' : ctx.method.name),
    }),
    bulkhead({ priority: (request, ctx) => (request === undefined ? 0 : ctx.remainingMs()) }),
  ],
})
// @ts-expect-error a request has no such member
bulkhead<Sum>({ priority: ({ c }) => c })
// @ts-expect-error a request that nothing is said of may be anything
circuitBreaker({ key: (request) => request.a })
// @ts-expect-error a request has no such member
endpoints(svc, impl, { methods: { sum: [cache({ key: (request) => request.c, ttlMs: 1 })] } })
// @ts-expect-error a cache must be told for how long
endpoints(svc, impl, { methods: { sum: [cache({ key: ({ a }) => a })] } })
// @ts-expect-error a key is text or a number
endpoints(svc, impl, { methods: { sum: [coalesce({ key: (request) => request })] } })
// @ts-expect-error an answer of another shape
endpoints(svc, impl, { methods: { sum: [fallback({ to: () => ({ totl: 0 }) })] } })
// @ts-expect-error what makes a response is no generic middleware
endpoints(svc, impl, { use: [sums] })
// @ts-expect-error no such code
fault({ error: { ratio: 1, code: 'down' } })
