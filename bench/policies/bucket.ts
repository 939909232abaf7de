// The row about the rate limit: what it costs to guard a call that is let in, each with its limit too high to be reached.
import Bottleneck from 'bottleneck'
import { RateLimiter } from 'limiter'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { type Context, type Endpoint, rootContext } from 'servicekit'
import { rateLimit } from 'servicekit/resilience/rate-limit'
import { timed } from '../harness/timed.ts'

const bar = 3
const perSecond = 1e9

/** One for each, as trivial as can be: it is within all the figures. */
function leaf(): Endpoint<number, number> {
  return async (request) => request + 1
}

/** Calls with a context of its own. */
function calls(guarded: (request: number, ctx: Context) => Promise<number>): () => Promise<number> {
  const ctx = rootContext()
  return () => guarded(1, ctx)
}

/**
 * Guarded are calls of the same endpoint, each in the way that the limiter's own documentation shows. All of them are let in at once;
 * what is above the limit would wait for its turn with ours and those said to wait, and be refused with the others.
 */
export const bucket = timed('bucket', {
  rounds: 21,
  ours: {
    prepare: () => calls(rateLimit({ perSecond, maxWaitMs: 1_000 })(leaf())),
  },
  peers: [
    {
      // Waits.
      name: 'limiter',
      bar,
      prepare() {
        const limiter = new RateLimiter({ tokensPerInterval: perSecond, interval: 'second' })
        const endpoint = leaf()
        return calls(async (request, ctx) => {
          await limiter.removeTokens(1)
          return endpoint(request, ctx)
        })
      },
    },
    {
      name: 'limiter, fireImmediately',
      prepare() {
        const limiter = new RateLimiter({ tokensPerInterval: perSecond, interval: 'second', fireImmediately: true })
        const endpoint = leaf()
        return calls(async (request, ctx) => {
          if ((await limiter.removeTokens(1)) < 0) throw new Error('the rate limit is reached')
          return endpoint(request, ctx)
        })
      },
    },
    {
      // No middleware but the bare bucket, and no promise beside the endpoint's own: what is left are its two or three readings of the clock.
      name: 'limiter, tryRemoveTokens',
      prepare() {
        const limiter = new RateLimiter({ tokensPerInterval: perSecond, interval: 'second' })
        const endpoint = leaf()
        return calls((request, ctx) =>
          limiter.tryRemoveTokens(1) ? endpoint(request, ctx) : Promise.reject(new Error('the rate limit is reached')),
        )
      },
    },
    {
      // Counts in windows, not in tokens.
      name: 'rate-limiter-flexible',
      bar,
      prepare() {
        const limiter = new RateLimiterMemory({ points: perSecond, duration: 1 })
        const endpoint = leaf()
        return calls(async (request, ctx) => {
          await limiter.consume('all')
          return endpoint(request, ctx)
        })
      },
    },
  ],
})

/** At once, so that those who let calls in by timers of the platform, as bottleneck does, are timed by their work and not by the wait for a timer. */
const crowd = 100

function crowdOf(call: () => Promise<number>): () => Promise<unknown> {
  return () => Promise.all(Array.from({ length: crowd }, call))
}

export const bucketCrowd = timed('bucket, 100 calls at once', {
  ours: {
    prepare: () => crowdOf(calls(rateLimit({ perSecond, maxWaitMs: 1_000 })(leaf()))),
  },
  peers: [
    {
      // Waits.
      name: 'bottleneck',
      bar,
      prepare() {
        const limiter = new Bottleneck({
          reservoir: perSecond,
          reservoirRefreshAmount: perSecond,
          reservoirRefreshInterval: 1_000,
        })
        return crowdOf(calls(limiter.wrap(leaf())))
      },
    },
  ],
})
