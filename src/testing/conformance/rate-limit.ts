// The conformance suite of rate limits: what every one must do, whoever keeps the count. Third parties prove theirs with it.
import assert from 'node:assert/strict'
import { type Context, rootContext } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Kind, noMethod } from '../../core/method.ts'
import { isRefusal } from '../../core/refusals.ts'
import type { Policy, RefusedEvent } from '../../resilience/policy.ts'
import { manualClock } from '../manual-clock.ts'
import { recorder } from '../recorder.ts'

/** One property that every rate limit has. */
export interface RateLimitCase {
  /** The property, as a fact. */
  readonly name: string
  /** What a limit must be able to do for it to make sense. */
  readonly needs?: keyof RateLimitAbilities | undefined
  /** Rejects when the limit does not have it. */
  run(harness: RateLimitHarness): Promise<void>
}

/** What not every limit can do. */
export interface RateLimitAbilities {
  /** Has a limit for each key. */
  readonly keys?: boolean | undefined
  /** Counts calls for their weight. */
  readonly weights?: boolean | undefined
  /** Knows when the next call would be let in. */
  readonly retryAfter?: boolean | undefined
  /** Knows how much it can let in at all. */
  readonly most?: boolean | undefined
}

/** How a limit is wanted. */
export interface WantedLimit {
  /** So many calls of weight 1 may begin at once, and none for a minute after that. */
  readonly calls: number
  readonly key: ((request: unknown, ctx: Context) => string) | undefined
  readonly weight: ((request: unknown, ctx: Context) => number) | undefined
  readonly onRefused: (event: RefusedEvent) => void
}

/** What a rate limit hands in. */
export interface RateLimitHarness {
  readonly can: RateLimitAbilities
  /** A new limit, with nothing used of it. */
  limit(wanted: WantedLimit): Policy<unknown> | Promise<Policy<unknown>>
}

/** The cases that make sense for a limit; run each with `it(name, () => run(harness))`. */
export function rateLimitCases(can: RateLimitAbilities): readonly RateLimitCase[] {
  return cases.filter(({ needs }) => needs === undefined || can[needs] === true)
}

const cases: readonly RateLimitCase[] = [
  {
    name: 'lets in what fits, and refuses the rest before it runs',
    async run(harness) {
      const { call, ran } = await limited(harness, { calls: 3 })
      for (let n = 0; n < 3; n++) assert.equal(await call(n), n)
      for (let n = 3; n < 6; n++) {
        const { code, retry } = await refusalOf(call(n))
        assert.deepEqual({ code, retry }, { code: 'resource_exhausted', retry: 'safe' })
      }
      assert.deepEqual(ran, [0, 1, 2])
    },
  },
  {
    name: 'lets in as many where all come together',
    async run(harness) {
      const { call, ran } = await limited(harness, { calls: 3 })
      const all = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => call(n)))
      assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 3)
      assert.equal(ran.length, 3)
    },
  },
  {
    name: 'marks its errors as refusals of this process, and tells each of them once',
    async run(harness) {
      const { call, onRefused } = await limited(harness, { calls: 1 })
      await call('let in')
      assert.equal(onRefused.events.length, 0)
      const error = await refusalOf(call('refused'))
      assert.ok(isRefusal(error), 'a retry in front of it must not pay for it')
      const [told] = onRefused.events
      assert.equal(onRefused.events.length, 1)
      assert.equal(told?.policy, 'rate_limit')
      assert.equal(told.error, error)
      assert.equal(told.ctx.method, noMethod)
    },
  },
  {
    name: 'says after how long to come again',
    needs: 'retryAfter',
    async run(harness) {
      const { call } = await limited(harness, { calls: 1 })
      await call('let in')
      const { retryAfterMs = 0 } = await refusalOf(call('refused'))
      assert.ok(retryAfterMs > 0 && retryAfterMs < Infinity, `after ${retryAfterMs} ms`)
    },
  },
  {
    name: 'gives what the endpoint gives, and fails with what it fails with',
    async run(harness) {
      const { policy, ctx } = await limited(harness, { calls: 3 })
      const broken = new Error('broken')
      const failing: readonly Endpoint<string, string>[] = [
        () => Promise.reject(broken),
        () => {
          throw broken
        },
      ]
      for (const endpoint of failing) {
        const thrown = await policy(endpoint)('', ctx()).catch((error: unknown) => error)
        assert.equal(thrown, broken)
      }
      const response = { is: 'the same' }
      assert.equal(await policy(async () => response)('', ctx()), response)
    },
  },
  {
    name: 'is one limit for all that it wraps',
    async run(harness) {
      const { policy, call, ctx } = await limited(harness, { calls: 1 })
      await call('let in')
      await refusalOf(policy(async () => 'another')('', ctx()))
    },
  },
  {
    name: 'takes as much for a call of any kind, and nothing for its messages',
    async run(harness) {
      for (const kind of ['unary', 'serverStream', 'clientStream', 'bidiStream'] satisfies Kind[]) {
        const { policy, ctx } = await limited(harness, { calls: 1 })
        async function* three() {
          yield* [1, 2, 3]
        }
        const endpoint = policy(async (messages: AsyncIterable<number>) => messages)
        const messages: number[] = []
        for await (const message of await endpoint(three(), ctx(kind))) messages.push(message)
        assert.deepEqual(messages, [1, 2, 3])
        await refusalOf(endpoint(three(), ctx(kind)))
      }
    },
  },
  {
    name: 'shows its state as plain data',
    async run(harness) {
      const { policy, call } = await limited(harness, { calls: 1 })
      await call('let in')
      await refusalOf(call('refused'))
      const snapshot = policy.snapshot() as { allowed?: unknown; refused?: unknown }
      const there = Object.entries(snapshot).filter(([, value]) => value !== undefined)
      assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), Object.fromEntries(there), 'what JSON can carry')
      assert.deepEqual([snapshot.allowed, snapshot.refused], [1, 1])
    },
  },
  {
    name: 'has a limit for each key, and lets nothing run where there is none',
    needs: 'keys',
    async run(harness) {
      const { call, ran } = await limited(harness, { calls: 1, key: (request) => request as string })
      await call('a')
      await refusalOf(call('a'))
      await call('b')
      await refusalOf(call('b'))
      for (const bad of [undefined, null, 1]) await assert.rejects(call(bad), TypeError)
      assert.deepEqual(ran, ['a', 'b'])
    },
  },
  {
    name: 'counts a call for its weight, and lets nothing run where that is none',
    needs: 'weights',
    async run(harness) {
      const { call, ran } = await limited(harness, { calls: 5, weight: Number })
      for (const bad of [-1, Number.NaN, Infinity]) await assert.rejects(call(bad), RangeError)
      await call(3)
      await refusalOf(call(3))
      assert.deepEqual(ran, [3])
    },
  },
  {
    name: 'refuses for good what it can never let in',
    needs: 'most',
    async run(harness) {
      const { call, ran } = await limited(harness, { calls: 5, weight: Number })
      const { retry, code } = await refusalOf(call(6))
      assert.deepEqual({ retry, code }, { retry: 'never', code: 'resource_exhausted' })
      await call(5)
      assert.deepEqual(ran, [5])
    },
  },
]

async function limited(harness: RateLimitHarness, wanted: Partial<WantedLimit> & { readonly calls: number }) {
  const onRefused = recorder<RefusedEvent>()
  const policy = await harness.limit({ key: undefined, weight: undefined, onRefused, ...wanted })
  const clock = manualClock({ startAt: 1_000 })
  const ctx = (kind: Kind = 'unary') =>
    rootContext({ clock, method: kind === 'unary' ? noMethod : { ...noMethod, kind } })
  const ran: unknown[] = []
  const endpoint = policy(async (request: unknown) => {
    ran.push(request)
    return request
  })
  return { policy, onRefused, ran, ctx, call: (request: unknown) => endpoint(request, ctx()) }
}

async function refusalOf(call: Promise<unknown>): Promise<ServiceError> {
  const thrown = await call.then(
    () => assert.fail('it was let in'),
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof ServiceError, `a ServiceError, not ${String(thrown)}`)
  return thrown
}
