// Tests of bulkhead.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CancelableContext, rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { type Criticality, criticality } from '../core/inbound.ts'
import { type MethodInfo, noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type BulkheadOptions, bulkhead } from './bulkhead.ts'
import type { RefusedEvent } from './policy.ts'

const full = { code: 'resource_exhausted', message: 'the bulkhead is full', retry: 'safe' }

/** A bulkhead before an endpoint whose calls take as many milliseconds as they ask for, whatever becomes of their callers. */
function guarding(options?: BulkheadOptions, info?: Partial<MethodInfo>) {
  const clock = manualClock()
  const policy = bulkhead(options)
  const began: number[] = []
  const sleeps = policy(async (ms: number, { clock }) => {
    began.push(ms)
    await clock.sleep(ms)
    return ms
  })
  const contextOf = (deadlineAt?: number) => rootContext({ clock, deadlineAt, method: { ...noMethod, ...info } })
  const call = (ms: number, ctx = contextOf()) => sleeps(ms, ctx)
  return { policy, clock, call, began, contextOf }
}

describe('bulkhead', () => {
  it('tells how long each call waited, in vain or not, and of none that found the queue full', async () => {
    const clock = manualClock()
    const waits: number[] = []
    const policy = bulkhead({
      limit: 1,
      queue: 2,
      maxWaitMs: 50,
      onWaited: ({ waitedMs }) => void waits.push(waitedMs),
    })
    const call = policy(scriptedEndpoint([{ delayMs: 30 }]))
    const ctx = rootContext({ clock })
    const calls = [1, 2, 3, 4].map(() => call('', ctx).catch(() => {}))
    await clock.advance(100)
    await Promise.all(calls)
    assert.deepEqual(waits, [0, 30, 50])
  })

  it('lets as many calls through as its limit and refuses those beyond', async () => {
    const { policy, clock, call } = guarding({ limit: 2 })
    const let1 = call(10)
    const let2 = call(20)
    await assert.rejects(call(5), full)
    await clock.advance(10)
    assert.equal(await let1, 10)
    const let3 = call(1)
    await assert.rejects(call(5), full)
    await clock.advance(20)
    assert.deepEqual(await Promise.all([let2, let3]), [20, 1])
    const { inFlight, admitted, refused } = policy.snapshot()
    assert.deepEqual({ inFlight, admitted, refused }, { inFlight: 0, admitted: 3, refused: 2 })
  })

  it('has a thousand places and no queue unless told otherwise', () => {
    assert.deepEqual(bulkhead().snapshot(), {
      limit: 1_000,
      queue: 0,
      maxWaitMs: 1_000,
      order: 'fifo',
      inFlight: 0,
      waiting: 0,
      longestWaitMs: 0,
      admitted: 0,
      refused: 0,
      left: 0,
    })
  })

  it('has one state however many endpoints it wraps', async () => {
    const { policy, call, clock, contextOf } = guarding({ limit: 1 })
    const first = call(10)
    await assert.rejects(policy(async () => 'other')('', contextOf()), full)
    await clock.advance(10)
    await first
  })

  it('holds the place of a call whose caller gave up until its handler has settled', async () => {
    const { call, clock, contextOf } = guarding({ limit: 1 })
    const ctx = contextOf()
    const ignoring = call(100, ctx)
    ctx.cancel()
    await clock.advance(99)
    await assert.rejects(call(1), full)
    await clock.advance(1)
    await ignoring
    const next = call(1)
    await clock.advance(1)
    assert.equal(await next, 1)
  })

  it('has calls wait and begins them in their order', async () => {
    const { policy, call, clock, began } = guarding({ limit: 1, queue: 2 })
    const calls = [call(10), call(11), call(12)]
    await assert.rejects(call(13), full)
    assert.equal(policy.snapshot().waiting, 2)
    await clock.advance(10)
    assert.deepEqual(began, [10, 11])
    assert.equal(policy.snapshot().longestWaitMs, 10)
    await clock.advance(11)
    assert.deepEqual(began, [10, 11, 12])
    await clock.advance(12)
    assert.deepEqual(await Promise.all(calls), [10, 11, 12])
    assert.equal(clock.pending, 0)
  })

  it('refuses whoever has waited for too long', async () => {
    const { call, clock, policy } = guarding({ limit: 1, queue: 1, maxWaitMs: 50 })
    const first = call(100)
    const refused = assert.rejects(call(1), {
      ...full,
      message: 'the bulkhead is full, and no place became free in time',
    })
    await clock.advance(50)
    await refused
    assert.equal(policy.snapshot().refused, 1)
    await clock.advance(50)
    await first
    assert.equal(clock.pending, 0)
  })

  it('settles a waiting call at its abort and at its deadline, and gives the place to the next one', async () => {
    const { call, clock, contextOf, began, policy } = guarding({ limit: 1, queue: 9 })
    const ctx = contextOf()
    const first = call(100)
    const canceled = assert.rejects(call(1, ctx), { code: 'canceled' })
    const late = assert.rejects(call(2, contextOf(60)), { code: 'deadline_exceeded' })
    const last = call(3)
    ctx.cancel()
    await canceled
    await clock.advance(60)
    await late
    await clock.advance(43)
    await Promise.all([first, last])
    assert.deepEqual(began, [100, 3])
    assert.equal(policy.snapshot().left, 2)
    assert.equal(clock.pending, 0)
  })

  it('lets the more important call in first, and displace a less important one', async () => {
    const rank: Record<Criticality, number> = { critical_plus: 3, critical: 2, sheddable_plus: 1, sheddable: 0 }
    const { call, clock, contextOf, began } = guarding({
      limit: 1,
      queue: 2,
      priority: (_, ctx) => rank[ctx.get(criticality)],
    })
    const as = (level: Criticality) => contextOf().with(criticality, level)
    const sleeps = (ms: number, level: Criticality) => call(ms, as(level) as CancelableContext)
    const first = call(10)
    const displaced = assert.rejects(sleeps(1, 'sheddable'), {
      ...full,
      message: 'the bulkhead is full, and a more important call took the place in its queue',
    })
    const rest = [sleeps(2, 'sheddable_plus'), sleeps(3, 'critical')]
    await displaced
    await assert.rejects(sleeps(4, 'sheddable'), full)
    await clock.advance(20)
    await Promise.all([first, ...rest])
    assert.deepEqual(began, [10, 3, 2])
  })

  it('turns to the newest when its queue is more than half full', async () => {
    const { call, clock, began } = guarding({ limit: 1, queue: 4, order: 'adaptive_lifo' })
    const calls = [1, 2, 3, 4, 5].map((ms) => call(ms))
    await clock.advance(100)
    await Promise.all(calls)
    assert.deepEqual(began, [1, 5, 4, 2, 3])
  })

  it('can be changed while it runs', async () => {
    const { call, clock, policy, began } = guarding({ limit: 1, queue: 3 })
    const calls = [1, 2, 3, 4].map((ms) => call(ms))
    policy.change({ limit: 3 })
    await clock.settle()
    assert.deepEqual(began, [1, 2, 3])
    policy.change({ limit: 1, queue: 0 })
    await assert.rejects(call(5), full)
    await clock.advance(2)
    assert.deepEqual(began, [1, 2, 3])
    await clock.advance(1)
    assert.deepEqual(began, [1, 2, 3, 4])
    await clock.advance(4)
    await Promise.all(calls)
    const { limit, queue, admitted } = policy.snapshot()
    assert.deepEqual({ limit, queue, admitted }, { limit: 1, queue: 0, admitted: 4 })
    assert.throws(() => policy.change({ limit: 7, queue: -1 }), /queue must be an integer from 0/)
    assert.throws(() => policy.change({ limit: 0, queue: 7 }), /limit must be an integer from 1/)
    assert.deepEqual([policy.snapshot().limit, policy.snapshot().queue], [1, 0])
  })

  it('tells of each refusal, and goes on whatever the listener does', async () => {
    const onRefused = recorder<RefusedEvent>()
    const { call, contextOf } = guarding({ limit: 1, onRefused })
    call(1)
    const ctx = contextOf()
    const error = await call(2, ctx).catch((thrown) => thrown)
    assert.deepEqual(onRefused.events, [{ policy: 'bulkhead', ctx, error }])
  })

  it('gives the place back when an endpoint fails or throws at once', async () => {
    const { policy, contextOf } = guarding({ limit: 1 })
    const failing = policy(scriptedEndpoint<string, never>([{ error: new Error('late') }]))
    const throwing: Endpoint<string, never> = policy(() => {
      throw new Error('early')
    })
    await assert.rejects(failing('', contextOf()), /late/)
    await assert.rejects(throwing('', contextOf()), /early/)
    assert.equal(policy.snapshot().inFlight, 0)
  })

  it('admits twenty thousand waiters whose handlers throw at once without running out of stack', async () => {
    const clock = manualClock()
    const policy = bulkhead({ limit: 1, queue: 20_000 })
    const ctx = rootContext({ clock })
    const first = policy(() => clock.sleep(1))('', ctx)
    const throwing = policy((): Promise<void> => {
      throw new Error('early')
    })
    const calls = Array.from({ length: 20_000 }, () => throwing('', ctx).catch(() => 'failed'))
    await clock.advance(1)
    await first
    assert.ok((await Promise.all(calls)).every((outcome) => outcome === 'failed'))
    assert.equal(policy.snapshot().inFlight, 0)
    assert.equal(clock.pending, 0)
  })

  for (const kind of ['serverStream', 'bidiStream'] as const) {
    it(`holds the place of a ${kind} until its responses have ended or were left`, async () => {
      const { policy, contextOf } = guarding({ limit: 1 }, { kind })
      const count = policy(async (to: number) =>
        (async function* () {
          for (let n = 1; n <= to; n++) yield n
        })(),
      )
      for await (const _ of await count(2, contextOf())) await assert.rejects(count(1, contextOf()), full)
      for await (const _ of await count(2, contextOf())) break
      for await (const _ of await count(2, contextOf())) assert.equal(policy.snapshot().inFlight, 1)
      assert.equal(policy.snapshot().inFlight, 0)
    })
  }

  it('reads nothing of a stream of requests before there is a place', async () => {
    const { policy, call, clock, contextOf } = guarding({ limit: 1, queue: 1 }, { kind: 'clientStream' })
    let read = 0
    const words = async function* () {
      read++
      yield 'a'
    }
    const sum = policy(async (requests: AsyncIterable<string>) => {
      let total = ''
      for await (const word of requests) total += word
      return total
    })
    const first = call(10)
    const waiting = sum(words(), contextOf())
    await clock.advance(9)
    assert.equal(read, 0)
    await clock.advance(1)
    await first
    assert.equal(await waiting, 'a')
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => bulkhead({ limit: 0 }), /limit must be an integer from 1 to 1000000, but is 0/)
    assert.throws(() => bulkhead({ queue: 1.5 }), /queue must be an integer from 0 to 1000000, but is 1.5/)
  })
})

const maxWaitMs = 20
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive' as const), n: fc.nat({ max: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), n: fc.nat({ max: 25 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('queue' as const), n: fc.nat({ max: 5 }) }) },
)

/** What a bulkhead should do, written with arrays: one turn of the event loop passes between two steps. */
class Model {
  limit = 2
  queue = 3
  now = 0
  running: number[] = []
  waiting: { readonly id: number; readonly priority: number; readonly since: number }[] = []
  readonly log: string[] = []

  arrive(id: number, priority: number): void {
    if (this.running.length < this.limit) {
      this.#begin(id)
      return
    }
    if (this.waiting.length >= this.queue) {
      // In the order in which they would be let in, so that the last one goes.
      const victim = this.waiting.at(-1)
      if (victim === undefined || victim.priority >= priority || this.queue === 0) {
        this.log.push(`${id} refused`)
        return
      }
      this.waiting.pop()
      this.log.push(`${victim.id} refused`)
    }
    this.waiting.push({ id, priority, since: this.now })
    this.waiting.sort((a, b) => b.priority - a.priority || a.id - b.id)
  }

  settle(id: number): void {
    this.running = this.running.filter((one) => one !== id)
    this.log.push(`${id} done`)
    this.fill()
  }

  abort(id: number): void {
    if (!this.waiting.some((one) => one.id === id)) return
    this.waiting = this.waiting.filter((one) => one.id !== id)
    this.log.push(`${id} canceled`)
  }

  advance(ms: number): void {
    this.now += ms
    const late = this.waiting.filter(({ since }) => since + maxWaitMs <= this.now)
    this.waiting = this.waiting.filter(({ since }) => since + maxWaitMs > this.now)
    for (const { id } of late.sort((a, b) => a.id - b.id)) this.log.push(`${id} refused`)
  }

  fill(): void {
    while (this.running.length < this.limit && this.waiting.length > 0) this.#begin(this.waiting.shift()?.id as number)
  }

  #begin(id: number): void {
    this.running.push(id)
    this.log.push(`${id} began`)
  }
}

/** Calls that the test settles by hand, and what became of them. */
function handSettled(options: BulkheadOptions) {
  const clock = manualClock()
  const log: string[] = []
  const policy = bulkhead(options)
  const running = new Map<number, () => void>()
  const contexts: CancelableContext[] = []
  const inner = policy((id: number, ctx) => {
    assert.equal(ctx.aborted, false, 'a call was let in after its abort')
    log.push(`${id} began`)
    return new Promise<void>((resolve) => {
      running.set(id, resolve)
    })
  })
  const arrive = () => {
    const ctx = rootContext({ clock })
    const id = contexts.push(ctx) - 1
    inner(id, ctx).then(
      () => log.push(`${id} done`),
      ({ code }) => log.push(`${id} ${code === 'resource_exhausted' ? 'refused' : code}`),
    )
    return id
  }
  const settle = (n: number) => {
    const id = [...running.keys()][n % (running.size || 1)]
    if (id === undefined) return undefined
    running.get(id)?.()
    running.delete(id)
    return id
  }
  return { clock, policy, log, running, contexts, arrive, settle }
}

describe('bulkhead, by chance', () => {
  it('does what a small model does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const priorities: number[] = []
        const model = new Model()
        const priority = (id: unknown) => priorities[id as number] ?? 0
        const { clock, policy, log, running, contexts, arrive, settle } = handSettled({
          limit: model.limit,
          queue: model.queue,
          maxWaitMs,
          priority,
        })
        for (const { do: what, n } of steps) {
          if (what === 'arrive') {
            priorities.push(n)
            model.arrive(arrive(), n)
          } else if (what === 'settle') {
            const id = settle(n)
            if (id !== undefined) model.settle(id)
          } else if (what === 'abort' && contexts.length > 0) {
            const id = n % contexts.length
            contexts[id]?.cancel()
            model.abort(id)
          } else if (what === 'advance') {
            model.advance(n)
            await clock.advance(n)
          } else if (what === 'limit' || what === 'queue') {
            model[what] = n
            policy.change({ [what]: n })
            model.fill()
          }
          await clock.settle()
          // Within a step only the order between different calls is left open.
          assert.deepEqual(log.splice(0).sort(), model.log.splice(0).sort())
          assert.deepEqual([...running.keys()], model.running)
          const { inFlight, waiting } = policy.snapshot()
          assert.deepEqual({ inFlight, waiting }, { inFlight: model.running.length, waiting: model.waiting.length })
        }
        while (settle(0) !== undefined) await clock.settle()
        const { inFlight, waiting, admitted, refused, left } = policy.snapshot()
        assert.deepEqual({ inFlight, waiting }, { inFlight: 0, waiting: 0 })
        assert.equal(admitted + refused + left, contexts.length)
        assert.equal(clock.pending, 0)
      }),
      { seed: 6, numRuns: 200 },
    )
  })

  it('never exceeds its limit and loses nobody, whatever happens in one turn of the event loop', async () => {
    const shape = fc.record({
      limit: fc.integer({ min: 1, max: 3 }),
      queue: fc.nat({ max: 6 }),
      order: fc.constantFrom('fifo' as const, 'adaptive_lifo' as const),
      steps: fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ limit, queue, order, steps }) => {
        const { clock, policy, log, running, contexts, arrive, settle } = handSettled({
          limit,
          queue,
          order,
          maxWaitMs,
          priority: (id) => (id as number) % 2,
        })
        for (const [{ do: what, n }, turns] of steps) {
          if (what === 'arrive') arrive()
          else if (what === 'settle') settle(n)
          else if (what === 'abort') contexts[n % (contexts.length || 1)]?.cancel()
          else if (what === 'advance') await clock.advance(n)
          if (turns) await clock.settle()
          assert.ok(running.size <= limit)
          assert.ok(policy.snapshot().inFlight <= limit)
          assert.ok(policy.snapshot().waiting <= queue)
        }
        await clock.settle()
        while (settle(0) !== undefined) await clock.settle()
        const ends = log.filter((line) => !line.endsWith('began')).map((line) => Number.parseInt(line, 10))
        assert.deepEqual(
          ends.sort((a, b) => a - b),
          contexts.map((_, id) => id),
        )
        assert.equal(policy.snapshot().inFlight, 0)
        assert.equal(clock.pending, 0)
      }),
      { seed: 6, numRuns: 200 },
    )
  })
})
