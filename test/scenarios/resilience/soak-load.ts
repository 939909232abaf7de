// The load of the soaks: a service that fails in every way, its impatient callers, and what is left of them when all is over.
import assert from 'node:assert/strict'
import {
  type Client,
  type Context,
  type Criticality,
  contract,
  criticality,
  type Endpoint,
  type Middleware,
  rootContext,
  ServiceError,
  serverStream,
  tap,
  unary,
} from 'servicekit'
import type { ManualClock } from 'servicekit/testing/manual-clock'
import type { Random } from '../../../src/primitives/random.ts'

export const shop = contract('shop', {
  read: unary.of<number, number>({ idempotent: true }),
  write: unary.of<number, number>(),
  report: unary.of<number, number>({ idempotent: true, timeoutMs: 20_000 }),
  list: serverStream.of<number, number>({ idempotent: true, streamLimits: { firstMs: 1_000, betweenMs: 1_000 } }),
})

export type Shop = Client<typeof shop>

const callsPerWave = 20
/** Now and then so many come at once: more than a bulkhead lets in. */
const callsPerBurst = 1_200
const waveMs = 10
const wavesPerRound = 100
const rests = 10
/** No call takes longer, and no circuit stays open for longer. */
export const restMs = 130_000

const levels: readonly Criticality[] = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable']

/** What the service does with its callers. */
export interface FarEnd {
  /** Then it does nothing but refuse, and lose connections. */
  isDown: boolean
  answer(request: number, ctx: Context): Promise<number>
  list(to: number, ctx: Context): AsyncGenerator<number, void, undefined>
  /** How many of its own timers are pending: those of calls that it goes on with though nobody waits. */
  readonly asleep: number
  /** Of every two hundredth call: how many of their contexts somebody still holds. */
  held(): number
}

/** Mostly answers, at once or soon. One that hangs never settles at all, whatever becomes of its caller. */
export function farEnd(random: Random, hangs: boolean): FarEnd {
  const below = (limit: number): number => Math.floor(random() * limit)
  let seen: WeakRef<Context>[] = []
  let asleep = 0
  const sleep = async (ctx: Context, ms: number, until?: Context) => {
    asleep++
    try {
      await ctx.clock.sleep(ms, until)
    } finally {
      asleep--
    }
  }
  const fail = (...args: ConstructorParameters<typeof ServiceError>) => Promise.reject(new ServiceError(...args))
  const moods: readonly ((request: number, ctx: Context) => Promise<number>)[] = [
    () => fail('unavailable', 'restarting', { retry: 'safe' }),
    () => fail('unavailable', 'the connection was lost'),
    () => fail('not_found', 'not here'),
    () => fail('resource_exhausted', 'too many', { retry: 'safe', retryAfterMs: below(3_000) }),
    () => {
      throw new TypeError('rubbish')
    },
    async (request, ctx) => {
      if (hangs) await new Promise<never>(() => {})
      await sleep(ctx, 30_000, ctx)
      return request
    },
    // Long after its caller was told that there is no answer.
    async (request, ctx) => {
      await sleep(ctx, 1_000 + below(8_000))
      return request
    },
    async (_, ctx) => {
      await sleep(ctx, 1_000 + below(8_000))
      throw new ServiceError('internal', 'too late, and wrong')
    },
  ]
  const end: FarEnd = {
    isDown: false,
    answer(request, ctx) {
      if (below(200) === 0) seen.push(new WeakRef(ctx))
      const mood = moods[below(end.isDown ? 2 : 100)]
      if (mood !== undefined) return mood(request, ctx)
      return below(10) > 0 ? Promise.resolve(request) : sleep(ctx, below(300), ctx).then(() => request)
    },
    async *list(to, ctx) {
      for (let n = 0; n < to; n++) yield await end.answer(n, ctx)
    },
    get asleep() {
      return asleep
    },
    held() {
      seen = seen.filter((ref) => ref.deref() !== undefined)
      return seen.length
    },
  }
  return end
}

/** Who calls whom, and how often. */
export interface Load {
  readonly clock: ManualClock
  readonly random: Random
  readonly client: Shop
  readonly far: FarEnd
  readonly calls: number
  /** Of how much of the time the service is down. */
  readonly downRatio: number
  /** How often many calls come at once. */
  readonly burstRatio: number
}

/** What became of the calls. */
export interface Settled {
  /** How many there were, by the code of their error; those without are `ok`. */
  readonly ends: Readonly<Record<string, number>>
  /** Bytes in use at each rest. */
  readonly heap: readonly number[]
  /** By how many bytes a call the heap grew, from when it was warm. */
  readonly growth: number
}

/** Calls as callers do: with deadlines and without, patient and not, and ten times waits until all is over. */
export async function settle({ clock, random, client, far, calls, ...options }: Load): Promise<Settled> {
  const below = (limit: number): number => Math.floor(random() * limit)
  const { signal, open } = countedSignal()
  // It outlives all calls, as the context of a process does: what they leave with it stays.
  using process = rootContext({ clock })
  const ends: Record<string, number> = {}
  const heap: number[] = []
  let pending = 0

  const read = async (stream: AsyncIterable<unknown>) => {
    for await (const _ of stream) if (below(4) === 0) break
  }
  const callers: readonly ((ctx: Context) => Promise<unknown>)[] = [
    () => client.write(1),
    () => client.report(1),
    (ctx) => client.read(1, ctx),
    (ctx) => client.write(1, ctx),
    (ctx) => client.report(1, { ctx, timeoutMs: 1 + below(30_000) }),
    (ctx) => client.read(1, { ctx, signal, timeoutMs: 1 + below(4_000) }),
    (ctx) => client.read(1, { ctx, signal, retry: false }),
    (ctx) => client.list(1 + below(4), ctx).then(read),
    (ctx) => client.list(1 + below(4), { ctx, timeoutMs: 1 + below(2_000) }).then(read),
  ]
  async function one(): Promise<void> {
    using timed = process.withTimeout(below(4) === 0 ? 1 + below(6_000) : Infinity)
    using ctx = timed.withCancel()
    const canceling = below(10) === 0 ? clock.schedule(below(1_000), () => ctx.cancel()) : undefined
    const caller = callers[below(2 * callers.length)]
    let end = 'ok'
    pending++
    try {
      await (caller === undefined
        ? client.read(1, process)
        : caller(ctx.with(criticality, levels[below(4)] ?? 'critical')))
    } catch (thrown) {
      assert.ok(thrown instanceof ServiceError, String(thrown))
      end = thrown.code
    }
    pending--
    canceling?.cancel()
    ends[end] = (ends[end] ?? 0) + 1
  }
  async function rest(): Promise<void> {
    far.isDown = false
    for (let waitedMs = 0; pending > 0 && waitedMs < restMs; waitedMs += waveMs) await clock.advance(waveMs)
    // Not some time later: what is left over would end by itself then.
    const left = { calls: pending, timers: clock.pending - far.asleep, listeners: open() }
    assert.deepEqual(left, { calls: 0, timers: 0, listeners: 0 }, 'something is pending when every call is over')
    await clock.advance(restMs)
    assert.equal(clock.pending, 0)
    for (let round = 0; round < 3; round++) {
      collectGarbage()
      await clock.settle()
    }
    assert.equal(far.held(), 0, 'contexts of calls that are over are held')
    heap.push(globalThis.process.memoryUsage().heapUsed)
  }

  const callsPerRest = calls / rests
  let begun = 0
  for (let wave = 0; begun < calls; wave++) {
    if (wave % wavesPerRound === 0) far.isDown = random() < options.downRatio
    const most = random() < options.burstRatio ? callsPerBurst : callsPerWave
    const left = callsPerRest - (begun % callsPerRest)
    for (let n = Math.min(most, left); n > 0; n--, begun++) void one()
    await clock.advance(waveMs)
    if (begun % callsPerRest === 0) await rest()
  }

  // Until then code is compiled, and what it no longer needs is thrown away.
  const warm = rests >> 1
  const growth = ((heap.at(-1) ?? 0) - (heap[warm] ?? 0)) / ((rests - 1 - warm) * callsPerRest)
  return { ends, heap, growth }
}

/** Sees each call begin and end. */
export interface CountedCalls {
  readonly layer: Middleware
  readonly begun: number
  readonly ended: number
}

export function countedCalls(): CountedCalls {
  let begun = 0
  let ended = 0
  return {
    layer: <Req, Res>(next: Endpoint<Req, Res>) =>
      tap<Req, Res, undefined>(next, { onStart: () => void begun++, onEnd: () => void ended++ }),
    get begun() {
      return begun
    },
    get ended() {
      return ended
    },
  }
}

/** A signal that knows how many listeners it has. */
function countedSignal(): { readonly signal: AbortSignal; open(): number } {
  const { signal } = new AbortController()
  let open = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
    open++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<AbortSignal['removeEventListener']>) => {
    open--
    removeEventListener.apply(signal, args)
  }
  return { signal, open: () => open }
}

function collectGarbage(): void {
  if (gc === undefined) throw new Error('run it with --expose-gc')
  gc()
}
