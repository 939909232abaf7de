// A hundred thousand calls over HTTP, through a proxy that breaks connections, with random aborts, deadlines and throws: nothing stays behind.
import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Context, endpoints, rootContext, ServiceError } from 'servicekit'
import { conformance } from 'servicekit/testing/conformance/transport'
import { eventually } from 'servicekit/testing/eventually'
import { manualClock } from 'servicekit/testing/manual-clock'
import { httpClient } from 'servicekit/transport/http/client'
import { httpServer } from 'servicekit/transport/http/server'
import { seededRandom } from '../../src/primitives/random.ts'

const callCount = 100_000
const atOnce = 200
const callsPerCheck = 10_000
/** The longest that a call may take, on the manual clock. */
const longestMs = 90
const stepMs = 3
const connectionAgeMs = 3_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const random = seededRandom('http soak')
const below = (limit: number): number => Math.floor(random() * limit)
/** One turn of the event loop: what came over sockets is read. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Now and then it throws, or is late, or never comes back. */
async function moods(ctx: Context): Promise<void> {
  const mood = below(50)
  if (mood === 0) throw new ServiceError('not_found', 'not here')
  if (mood === 1) throw new Error('rubbish')
  if (mood === 2) await ctx.clock.sleep(below(longestMs))
  if (mood === 3) await ctx.clock.sleep(below(longestMs), ctx)
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
      yield { n, padding: 'x'.repeat(below(2_000)) }
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
  async *converse() {},
})

describe('a hundred thousand calls over HTTP with resets, aborts, deadlines and throws', () => {
  it('all settle by their deadline and leave no call, no socket, no timer and a flat heap', async () => {
    const clock = manualClock()
    await using stack = new AsyncDisposableStack()
    const listener = httpServer(conformance, served, { clock, drainMs: 0, onError: () => {} })
    const server = stack.use(await listener.listen({ host: '127.0.0.1' }))
    const proxy = await breakingProxy(server.port)
    stack.defer(proxy.close)
    const options = { baseUrl: proxy.url, clock, maxConnections: 100, maxConnectionAgeMs: connectionAgeMs }
    const client = stack.use(httpClient(conformance, options))
    const ends = new Map<string, number>()
    const memory: number[] = []
    let pending = 0

    async function* messages<T>(make: (n: number) => T): AsyncGenerator<T, void, undefined> {
      for (let n = below(5); n >= 0; n--) {
        if (below(40) === 0) throw new Error('the source is dry')
        if (below(10) === 0) await clock.sleep(below(20))
        yield make(n)
      }
    }
    async function read(stream: AsyncIterable<unknown>): Promise<void> {
      for await (const _ of stream) if (below(4) === 0) break
    }
    const numbers = () => messages((n) => n)
    const texts = () => messages((n) => ({ text: String(n) }))
    const kinds = [
      (ctx: Context) => client.echo({ text: 'x' }, ctx),
      (ctx: Context) => client.echo('x'.repeat(below(20_000)), { ctx, timeoutMs: 10 + below(longestMs) }),
      (ctx: Context) => client.shout({ text: (below(10) === 0 ? 1 : 'x') as string }, ctx),
      (ctx: Context) => client.count({ to: below(10) }, ctx).then(read),
      (ctx: Context) => client.shout({ text: 'y' }, ctx),
      (ctx: Context) => client.add(numbers(), ctx),
      (ctx: Context) => client.echo([], ctx),
      (ctx: Context) => client.collect(texts(), ctx),
    ]
    async function one(kind: number): Promise<void> {
      using base = rootContext({ clock, deadlineAt: clock.now() + 10 + below(longestMs - 10) })
      using ctx = base.withCancel()
      const timer = below(20) === 0 ? clock.schedule(below(20), () => ctx.cancel()) : undefined
      let end = 'ok'
      pending++
      try {
        await kinds[kind]?.(ctx)
      } catch (thrown) {
        assert.ok(thrown instanceof ServiceError, String(thrown))
        end = thrown.code
      }
      pending--
      timer?.cancel()
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }
    /** Once every connection is too old there is nothing that anything could still be kept for. */
    async function rest(): Promise<void> {
      await eventually(async () => {
        await clock.advance(connectionAgeMs)
        const left = { inFlight: server.stats.inFlight, timers: clock.pending, sockets: openSockets() + proxy.open() }
        assert.deepEqual(left, { inFlight: 0, timers: 0, sockets: 0 })
      })
      for (let round = 0; round < 3; round++) {
        collectGarbage()
        await turn()
      }
      const { heapUsed, external } = process.memoryUsage()
      memory.push(heapUsed + external)
    }

    for (let done = 0; done < callCount; done += atOnce) {
      if (done % callsPerCheck === 0) await rest()
      const calls = Array.from({ length: atOnce }, (_, i) => one((done + i) % kinds.length))
      for (let passed = 0; passed <= longestMs; passed += stepMs) {
        await turn()
        await clock.advance(stepMs)
      }
      // No more of the network is needed for a call to end: its time is over.
      assert.equal(pending, 0, `${pending} calls are pending after their deadline`)
      await Promise.all(calls)
    }
    await rest()

    assert.equal(
      [...ends.values()].reduce((sum, count) => sum + count),
      callCount,
    )
    for (const code of [
      'ok',
      'canceled',
      'deadline_exceeded',
      'internal',
      'invalid_argument',
      'not_found',
      'unavailable',
    ]) {
      assert.ok((ends.get(code) ?? 0) > 500, `${code}: ${ends.get(code)}`)
    }
    assert.ok((ends.get('ok') ?? 0) > callCount / 3, `ok: ${ends.get('ok')}`)
    // Until then code is compiled, and what it no longer needs is thrown away.
    const warm = memory.length >> 1
    const growth = ((memory.at(-1) ?? 0) - (memory[warm] ?? 0)) / (callCount - warm * callsPerCheck)
    assert.ok(growth < 20, `memory grew by ${growth.toFixed(1)} bytes a call: ${memory.join(', ')}`)

    await stack.disposeAsync()
    assert.equal(clock.pending, 0)
    await eventually(() => !process.getActiveResourcesInfo().some((name) => name.startsWith('TCP')))
  })
})

const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

/** Passes bytes on to a port of this host, and now and then only a part of them, before it breaks the connection. */
async function breakingProxy(port: number) {
  const host = '127.0.0.1'
  const sockets = new Set<Socket>()
  const watch = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (piece: Buffer) => {
      const cut = below(250)
      if (cut > 3) {
        to.write(piece)
        return
      }
      if (cut === 0) breakOff(from, to)
      else to.write(piece.subarray(0, below(piece.length)), () => (cut === 1 ? to.end() : breakOff(from, to)))
    })
    from.on('close', (failed) => (failed ? breakOff(to) : to.destroySoon()))
  }
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port, noDelay: true })
    watch(near)
    watch(far)
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    close: () => {
      breakOff(...sockets)
      server.close()
    },
  }
}

function breakOff(...sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    // One whose end is on its way cannot be reset: Node would neither do it nor close the socket.
    if (socket.writableEnded) socket.destroy()
    else socket.resetAndDestroy()
  }
}
