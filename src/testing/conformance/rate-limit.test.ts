// Proves the conformance suite of rate limits: ours passes it, and each of the usual faults fails the cases that it should.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Policy } from '../../resilience/policy.ts'
import { rateLimit } from '../../resilience/rate-limit.ts'
import { type RateLimitHarness, rateLimitCases, type WantedLimit } from './rate-limit.ts'

const can = { keys: true, weights: true, retryAfter: true, most: true }

const right = ({ calls, ...wanted }: WantedLimit) => rateLimit({ perSecond: 0.001, burst: calls, ...wanted })

/** A limit of which something is wrong. */
function faulty(change: (wanted: WantedLimit) => Policy<unknown>): RateLimitHarness {
  return { can, limit: change }
}

/** Runs the endpoint in another way than the limit does. */
function running(change: <Req, Res>(limited: Endpoint<Req, Res>, next: Endpoint<Req, Res>) => Endpoint<Req, Res>) {
  return faulty((wanted) => {
    const policy = right(wanted)
    return Object.assign(<Req, Res>(next: Endpoint<Req, Res>) => change(policy(next), next), {
      snapshot: () => policy.snapshot(),
    })
  })
}

const failing = (error: (refused: ServiceError) => unknown) =>
  running((limited) => (request, ctx) => limited(request, ctx).catch((thrown) => Promise.reject(error(thrown))))

async function failedBy(harness: RateLimitHarness): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of rateLimitCases(can)) await run(harness).catch(() => failed.push(name))
  return failed
}

const faults: readonly (readonly [fault: string, RateLimitHarness, caught: RegExp])[] = [
  ['no limit', running((_, next) => next), /^lets in what fits/],
  [
    'a call that runs before it is refused',
    running((limited, next) => async (request, ctx) => {
      await next(request, ctx)
      return limited(request, ctx)
    }),
    /^lets in what fits/,
  ],
  ['an error of its own', failing(() => new Error('429')), /^lets in what fits/],
  [
    'a refusal that nobody knows',
    failing(({ code, message, retry, retryAfterMs }) => new ServiceError(code, message, { retry, retryAfterMs })),
    /^marks its errors/,
  ],
  ['nobody who is told', faulty((wanted) => right({ ...wanted, onRefused: () => {} })), /^marks its errors/],
  [
    'one who is told twice',
    faulty((wanted) => {
      const onRefused: WantedLimit['onRefused'] = (event) => {
        wanted.onRefused(event)
        wanted.onRefused(event)
      }
      return right({ ...wanted, onRefused })
    }),
    /^marks its errors/,
  ],
  ['a limit for each that it wraps', faulty((wanted) => perEndpoint(wanted)), /^is one limit/],
  ['one limit for all keys', faulty((wanted) => right({ ...wanted, key: undefined })), /^has a limit for each key/],
  ['no weights', faulty((wanted) => right({ ...wanted, weight: undefined })), /^counts a call for its weight/],
  [
    'a moment that never comes',
    faulty(({ calls, ...wanted }) => rateLimit({ perSecond: 0, burst: calls, ...wanted })),
    /^says after how long/,
  ],
  [
    'what is called once more',
    running((limited, next) => async (request, ctx) => {
      const response = await limited(request, ctx)
      await next(request, ctx)
      return response
    }),
    /^lets in/,
  ],
  [
    'a state that JSON cannot carry',
    faulty((wanted) => Object.assign(right(wanted), { snapshot: () => ({ allowed: 1n, refused: 1n }) })),
    /^shows its state/,
  ],
]

function perEndpoint(wanted: WantedLimit): Policy<unknown> {
  const first = right(wanted)
  const layer = <Req, Res>(next: Endpoint<Req, Res>) => right(wanted)(next)
  return Object.assign(layer, { snapshot: () => first.snapshot() })
}

describe('rateLimitCases', () => {
  it('are all passed by rateLimit', async () => {
    assert.deepEqual(await failedBy({ can, limit: right }), [])
  })

  for (const [fault, harness, caught] of faults)
    it(`find ${fault}`, async () => {
      const failed = await failedBy(harness)
      assert.ok(
        failed.some((name) => caught.test(name)),
        `failed: ${failed.join('; ')}`,
      )
    })

  it('leave out what a limit cannot do', () => {
    const names = (abilities: typeof can) => rateLimitCases(abilities).map(({ name }) => name)
    assert.equal(names(can).length - 4, names({ keys: false, weights: false, retryAfter: false, most: false }).length)
  })
})
