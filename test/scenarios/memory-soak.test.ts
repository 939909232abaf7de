// A hundred thousand calls of all kinds over the in-memory wire, with random aborts, deadlines and throws: nothing stays behind.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Context, endpoints, rootContext, ServiceError } from 'servicekit'
import { conformance } from 'servicekit/testing/conformance/transport'
import { manualClock } from 'servicekit/testing/manual-clock'
import { memoryClient } from 'servicekit/transport/memory/client'
import { memoryServer } from 'servicekit/transport/memory/server'
import { seededRandom } from '../../src/primitives/random.ts'

const callCount = 100_000
const atOnce = 100

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const random = seededRandom('memory soak')
const below = (limit: number): number => Math.floor(random() * limit)

/** Every sixth time it throws, now and then late or never. */
async function moods(ctx: Context): Promise<void> {
  const mood = below(12)
  if (mood === 0) throw new ServiceError('not_found', 'not here')
  if (mood === 1) throw new Error('rubbish')
  if (mood === 2) await ctx.clock.sleep(below(40))
  if (mood === 3) await ctx.clock.sleep(below(40), ctx)
  if (mood === 4) await new Promise(() => {})
}

const served = endpoints(conformance, {
  echo: async (message, ctx) => {
    await moods(ctx)
    return message
  },
  shout: ({ text }) => ({ text }),
  async *count({ to }, ctx) {
    for (let n = 1; n <= to; n++) {
      await moods(ctx)
      yield { n }
    }
  },
  async add(numbers, ctx) {
    let sum = 0
    for await (const number of numbers) {
      await moods(ctx)
      sum += number
    }
    return sum
  },
  async collect(texts) {
    for await (const { text } of texts) return { text }
    return { text: '' }
  },
  async *converse(words, ctx) {
    for await (const word of words) {
      await moods(ctx)
      yield word
    }
  },
})

describe('a hundred thousand calls with random aborts, deadlines and throws', () => {
  it('all settle and leave no call, no timer, no listener and a flat heap', async () => {
    const clock = manualClock()
    const server = await memoryServer(conformance, served, { clock, onError: () => {} }).listen()
    const client = memoryClient(conformance, { server, clock })
    const ends = new Map<string, number>()
    const heap: number[] = []
    const listeners = countListeners()

    async function* messages<T>(make: (n: number) => T): AsyncGenerator<T, void, undefined> {
      for (let n = below(5); n >= 0; n--) {
        if (below(40) === 0) throw new Error('the source is dry')
        if (below(10) === 0) await clock.sleep(below(20))
        yield make(n)
      }
    }
    async function read(stream: AsyncIterable<unknown>): Promise<void> {
      for await (const _ of stream) if (below(8) === 0) break
    }
    const kinds = [
      (ctx: Context) => client.echo({ text: 'x' }, ctx),
      (ctx: Context) => client.shout({ text: (below(4) === 0 ? 1 : 'x') as string }, ctx),
      (ctx: Context) => client.count({ to: below(6) }, ctx).then(read),
      (ctx: Context) =>
        client.add(
          messages((n) => n),
          ctx,
        ),
      (ctx: Context) =>
        client.collect(
          messages((n) => ({ text: String(n) })),
          ctx,
        ),
      (ctx: Context) => client.converse(messages(String), ctx).then(read),
      (ctx: Context) => client.echo({ text: 'y' }, { ctx, signal: listeners.signal, timeoutMs: 1 + below(60) }),
    ]
    async function one(kind: number): Promise<void> {
      using base = rootContext({ clock, deadlineAt: clock.now() + 1 + below(50) })
      using ctx = base.withCancel()
      const timer = below(4) === 0 ? clock.schedule(below(30), () => ctx.cancel()) : undefined
      try {
        await kinds[kind]?.(ctx)
        ends.set('ok', (ends.get('ok') ?? 0) + 1)
      } catch (thrown) {
        assert.ok(thrown instanceof ServiceError, String(thrown))
        ends.set(thrown.code, (ends.get(thrown.code) ?? 0) + 1)
      } finally {
        timer?.cancel()
      }
    }

    for (let done = 0; done < callCount; done += atOnce) {
      const calls = Array.from({ length: atOnce }, (_, i) => one((done + i) % kinds.length))
      await clock.advance(200)
      await Promise.all(calls)
      if (done % 20_000 === 0 || done === callCount - atOnce) {
        collectGarbage()
        heap.push(process.memoryUsage().heapUsed)
      }
    }

    assert.equal(clock.pending, 0)
    assert.equal(server.stats.inFlight, 0)
    assert.equal(listeners.open(), 0)
    assert.equal(
      [...ends.values()].reduce((sum, count) => sum + count),
      callCount,
    )
    for (const code of ['ok', 'canceled', 'deadline_exceeded', 'internal', 'invalid_argument', 'not_found']) {
      assert.ok((ends.get(code) ?? 0) > 500, `${code}: ${ends.get(code)}`)
    }
    const growth = ((heap.at(-1) ?? 0) - (heap[1] ?? 0)) / (callCount - 20_000)
    assert.ok(growth < 5, `the heap grew by ${growth.toFixed(1)} bytes a call: ${heap.join(', ')}`)
    await client[Symbol.asyncDispose]()
    await server.close()
    assert.equal(clock.pending, 0)
  })
})

/** A signal that knows how many listeners it has. */
function countListeners(): { readonly signal: AbortSignal; open(): number } {
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
