// The claim about the core: what every call pays before a wire is chosen costs next to nothing.
import {
  chain,
  contextKey,
  contract,
  type Endpoint,
  endpoints,
  type Handlers,
  type Middleware,
  rootContext,
  systemClock,
  unary,
} from 'servicekit'
import { memoryClient } from 'servicekit/transport/memory/client'
import { memoryServer } from 'servicekit/transport/memory/server'
import { z } from 'zod'
import { claim } from './harness/claim.ts'
import { heap } from './harness/heap.ts'
import { timed } from './harness/timed.ts'

const deadlineMs = 5_000
/** More than usual: a slice of some tens of nanoseconds a call shows whatever else the machine does. */
const rounds = 21

// Each side has layers of its own, written alike: shared ones would have seen the other side's `next` too.
function chained(): Endpoint<number, number> {
  const one: Middleware = (next) => (request, ctx) => next(request, ctx)
  const two: Middleware = (next) => (request, ctx) => next(request, ctx)
  const three: Middleware = (next) => (request, ctx) => next(request, ctx)
  const four: Middleware = (next) => (request, ctx) => next(request, ctx)
  const five: Middleware = (next) => (request, ctx) => next(request, ctx)
  return chain(one, two, three, four, five)(async (request: number) => request + 1)
}

function handNested(): Endpoint<number, number> {
  const one: Middleware = (next) => (request, ctx) => next(request, ctx)
  const two: Middleware = (next) => (request, ctx) => next(request, ctx)
  const three: Middleware = (next) => (request, ctx) => next(request, ctx)
  const four: Middleware = (next) => (request, ctx) => next(request, ctx)
  const five: Middleware = (next) => (request, ctx) => next(request, ctx)
  return one(two(three(four(five(async (request: number) => request + 1)))))
}

const chainRow = timed('chain', {
  rounds,
  ours: {
    prepare() {
      const ctx = rootContext()
      const call = chained()
      return () => call(1, ctx)
    },
  },
  peers: [
    {
      name: 'hand-nested closures',
      bar: 0.8,
      prepare() {
        const ctx = rootContext()
        const call = handNested()
        return () => call(1, ctx)
      },
    },
  ],
})

const user = contextKey('user', { scope: 'request', fallback: '' })
const tries = contextKey('tries', { scope: 'hop', fallback: 0 })

function onAbort(): void {}

// Ours and the first peer have another call open all the while, as a service nearly always does. Without one, each call would
// also set up and drop what its kind of timer shares in the process; that makes the peer half as slow again, and us a tenth.
const contextRow = timed('context', {
  rounds,
  ours: {
    prepare() {
      const root = rootContext()
      root.withTimeout(3_600_000).onAbort(onAbort)
      return () => {
        const ctx = root.withDeadline(systemClock.now() + deadlineMs)
        const bound = ctx.with(user, 'ada').with(tries, 2)
        const listening = bound.onAbort(onAbort)
        const read = bound.get(user).length + bound.get(tries)
        listening[Symbol.dispose]()
        ctx[Symbol.dispose]()
        return read
      }
    },
  },
  peers: [
    {
      name: 'abortcontroller',
      bar: 6,
      prepare() {
        const parent = new AbortController().signal
        // Node keeps one list for each length of time, so the other call's timer has the length that is measured.
        setInterval(() => {}, deadlineMs)
        return () => {
          const controller = new AbortController()
          const onParent = () => controller.abort(parent.reason)
          const onDeadline = () => controller.abort(new DOMException('the deadline passed', 'TimeoutError'))
          parent.addEventListener('abort', onParent, { once: true })
          const timer = setTimeout(onDeadline, deadlineMs)
          const { signal } = controller
          const ctx = { signal, deadlineAt: performance.now() + deadlineMs, user: 'ada', tries: 2 }
          ctx.signal.addEventListener('abort', onAbort, { once: true })
          const read = ctx.user.length + ctx.tries
          ctx.signal.removeEventListener('abort', onAbort)
          clearTimeout(timer)
          parent.removeEventListener('abort', onParent)
          return read
        }
      },
    },
    {
      name: 'abortsignal.any + abortsignal.timeout',
      bar: 30,
      // Nobody can take its timer back: each call leaves one pending, until it rings or the collector finds its signal. At
      // the pace of this loop they would soon be hundreds of thousands, which no service has, and whoever is timed next
      // would have them in its heap. Short slices keep them few.
      mostCalls: 4_000,
      prepare() {
        const parent = new AbortController().signal
        return () => {
          const signal = AbortSignal.any([parent, AbortSignal.timeout(deadlineMs)])
          const ctx = { signal, user: 'ada', tries: 2 }
          ctx.signal.addEventListener('abort', onAbort, { once: true })
          const read = ctx.user.length + ctx.tries
          ctx.signal.removeEventListener('abort', onAbort)
          return read
        }
      },
    },
  ],
})

const Terms = z.object({ a: z.number(), b: z.number() })
const Total = z.object({ total: z.number() })
const addsvc = contract('addsvc', { sum: unary({ input: Terms, output: Total }) })
const adder = { sum: ({ a, b }) => ({ total: a + b }) } satisfies Handlers<typeof addsvc>

async function connected() {
  const server = await memoryServer(addsvc, endpoints(addsvc, adder)).listen()
  return memoryClient(addsvc, { server })
}

const memoryRow = timed('memory', {
  rounds,
  ours: {
    async prepare() {
      const client = await connected()
      return () => client.sum({ a: 1, b: 2 })
    },
  },
  peers: [
    {
      name: 'direct call',
      bar: 0.25,
      prepare() {
        // Awaits only what is a promise, as servicekit does: with these schemas nothing is, and each `await` would cost 50 ns.
        const sum = async (request: unknown) => {
          let terms = Terms['~standard'].validate(request)
          if (terms instanceof Promise) terms = await terms
          if (terms.issues !== undefined) throw new Error('the request does not fit')
          let total = Total['~standard'].validate(adder.sum(terms.value))
          if (total instanceof Promise) total = await total
          if (total.issues !== undefined) throw new Error('the reply does not fit')
          return total.value
        }
        return () => sum({ a: 1, b: 2 })
      },
    },
  ],
})

const heapRow = heap('heap', {
  calls: 1_000_000,
  flatBytes: 0.5,
  async prepare() {
    const client = await connected()
    return () => client.sum({ a: 1, b: 2 }, { timeoutMs: 1_000 })
  },
})

await claim({
  name: 'core',
  says: 'What every call pays before a wire is chosen costs next to nothing.',
  packages: ['zod'],
  rows: [chainRow, contextRow, memoryRow, heapRow],
})
