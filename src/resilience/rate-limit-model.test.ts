// Random calls, changes and pauses against a rate limit told as plainly as can be: it looks at every eighth of a millisecond.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CancelableContext, rootContext } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { rateLimit } from './rate-limit.ts'

/** A call, and what became of it; undefined while it waits. */
interface ModelCall {
  readonly weight: number
  readonly deadlineAt: number
  ended:
    | { readonly letInAt: number }
    | { readonly retry: string; readonly retryAfterMs: number | undefined }
    | 'left'
    | undefined
}

interface Settings {
  readonly perSecond: number
  readonly burst: number
  readonly maxWaitMs: number
  readonly maxQueue: number
}

const tickMs = 1 / 8

/** For rates that are multiples of 125 a second, and steps of whole milliseconds: then nothing is rounded. */
class RateLimitModel {
  #settings: Settings
  #now = 0
  #tokens: number
  #queue: { readonly call: ModelCall; readonly cameAt: number }[] = []

  constructor(settings: Settings) {
    this.#settings = settings
    this.#tokens = settings.burst
  }

  get tokens(): number {
    return this.#tokens
  }

  get waiting(): number {
    return this.#queue.length
  }

  call(call: ModelCall): void {
    const { burst, maxWaitMs, maxQueue } = this.#settings
    if (this.#queue.length === 0 && call.weight <= Math.min(burst, this.#tokens)) {
      this.#letIn(call)
      return
    }
    const waitMs = this.#waitMs([...this.#queue.map((place) => place.call), call])
    const isLate = waitMs > maxWaitMs || this.#now + waitMs >= call.deadlineAt
    if (call.weight > burst || maxWaitMs === 0 || isLate || this.#queue.length === maxQueue) this.#refuse(call, waitMs)
    else this.#queue.push({ call, cameAt: this.#now })
  }

  leave(call: ModelCall): void {
    if (call.ended !== undefined) return
    call.ended = 'left'
    this.#queue = this.#queue.filter((place) => place.call !== call)
    this.#serve()
  }

  change({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }): void {
    this.#settings = { ...this.#settings, perSecond, burst }
    this.#tokens = Math.min(this.#tokens, burst)
    const queue = this.#queue
    this.#queue = []
    for (const place of queue) {
      const { call, cameAt } = place
      const waitMs = this.#waitMs([...this.#queue.map((each) => each.call), call])
      const at = this.#now + waitMs
      const isLate = at > cameAt + this.#settings.maxWaitMs || at >= call.deadlineAt
      if (call.weight > burst || isLate) this.#refuse(call, waitMs)
      else this.#queue.push(place)
    }
    this.#serve()
  }

  advance(ms: number): void {
    for (let ticks = ms / tickMs; ticks > 0; ticks--) {
      this.#now += tickMs
      this.#tokens = Math.min(this.#tokens + (this.#settings.perSecond / 1_000) * tickMs, this.#settings.burst)
      this.#serve()
    }
  }

  #serve(): void {
    while ((this.#queue[0]?.call.weight ?? Infinity) <= this.#tokens)
      this.#letIn(this.#queue.shift()?.call as ModelCall)
  }

  #letIn(call: ModelCall): void {
    this.#tokens -= call.weight
    call.ended = { letInAt: this.#now }
  }

  #waitMs(calls: readonly ModelCall[]): number {
    const missing = calls.reduce((sum, { weight }) => sum + weight, 0) - this.#tokens
    return missing <= 0 ? 0 : (missing / this.#settings.perSecond) * 1_000
  }

  #refuse(call: ModelCall, waitMs: number): void {
    const isTooHeavy = call.weight > this.#settings.burst
    const retryAfterMs = isTooHeavy || waitMs === Infinity ? undefined : waitMs
    call.ended = { retry: isTooHeavy ? 'never' : 'safe', retryAfterMs }
  }
}

describe('rateLimit', () => {
  it('lets in, refuses and forgets the same calls at the same moments as a model', async () => {
    const anyRate = fc.constantFrom(125, 125, 250, 500, 1_000, 0)
    const anyBurst = fc.constantFrom(3, 3, 5, 2, 1, 0)
    const anyStep = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          op: fc.constant('call' as const),
          weight: fc.oneof(fc.constant(1), fc.nat({ max: 3 })),
          timeoutMs: fc.option(fc.integer({ min: 1, max: 60 }), { nil: Infinity }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ op: fc.constant('leave' as const), call: fc.nat({ max: 5 }) }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('change' as const), perSecond: anyRate, burst: anyBurst }) },
      { weight: 3, arbitrary: fc.record({ op: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 20 }) }) },
    )
    const anySettings = fc.record({
      perSecond: anyRate,
      burst: anyBurst,
      maxWaitMs: fc.constantFrom(60, 60, 20, 0),
      maxQueue: fc.integer({ min: 1, max: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(anySettings, fc.array(anyStep, { maxLength: 40, size: 'max' }), async (settings, steps) => {
        const clock = manualClock()
        const policy = rateLimit({ ...settings, weight: (call: ModelCall) => call.weight })
        const model = new RateLimitModel(settings)
        const calls: { readonly ctx: CancelableContext; readonly ours: ModelCall; readonly theirs: ModelCall }[] = []
        const endpoint = policy(async (call: ModelCall) => {
          call.ended = { letInAt: clock.now() }
        })
        // Weighs nothing: the first call is what the policy has its clock of.
        endpoint({ weight: 0, deadlineAt: Infinity, ended: undefined }, rootContext({ clock }))
        for (const step of steps) {
          if (step.op === 'call') {
            const deadlineAt = clock.now() + step.timeoutMs
            const ours: ModelCall = { weight: step.weight, deadlineAt, ended: undefined }
            const theirs: ModelCall = { ...ours }
            const ctx = rootContext({ clock, deadlineAt })
            calls.push({ ctx, ours, theirs })
            endpoint(ours, ctx).catch((error: ServiceError) => {
              ours.ended = error.code === 'canceled' ? 'left' : { retry: error.retry, retryAfterMs: error.retryAfterMs }
            })
            model.call(theirs)
          } else if (step.op === 'leave') {
            const waiting = calls.filter(({ theirs }) => theirs.ended === undefined)
            const call = waiting[step.call % waiting.length]
            call?.ctx.cancel()
            if (call !== undefined) model.leave(call.theirs)
          } else if (step.op === 'change') {
            policy.change(step)
            model.change(step)
          } else {
            await clock.advance(step.ms)
            model.advance(step.ms)
          }
        }
        await clock.settle()
        assert.deepEqual(
          calls.map(({ ours }) => ours.ended),
          calls.map(({ theirs }) => theirs.ended),
        )
        const { tokens, waiting } = policy.snapshot()
        assert.deepEqual({ tokens, waiting }, { tokens: model.tokens, waiting: model.waiting })
        await cleanedUp(clock, calls)
      }),
      { numRuns: 300 },
    )
  })
})

async function cleanedUp(clock: ManualClock, calls: readonly { readonly ctx: CancelableContext }[]): Promise<void> {
  for (const { ctx } of calls) ctx.cancel()
  await clock.settle()
  assert.equal(clock.pending, 0)
}
