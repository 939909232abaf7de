// The service that each runtime serves, in what every one of them has.
import { type Contract, clientStream, contract, type Method, serverStream, unary } from '../../../src/core/contract.ts'
import { endpoints } from '../../../src/core/endpoints.ts'
import { inbound } from '../../../src/core/inbound.ts'
import { conformance } from '../../../src/testing/conformance/conformance.ts'
import { httpEndpoint } from '../../../src/transport/http/endpoint.ts'
import { type FetchServer, type FetchServerOptions, fetchServer } from '../../../src/transport/http/fetch.ts'
import { httpHandler } from '../../../src/transport/http/handler.ts'

type Shout = (typeof conformance.methods)['shout']

/** What the test calls. */
export type Service = Contract<{
  readonly shout: Shout
  readonly peer: Method<'unary', null, null, string, string>
  readonly wait: Method<'unary', { ms: number }, { ms: number }, string, string>
  readonly ended: Method<'unary', null, null, string[], string[]>
  readonly open: Method<'unary', null, null, null, null>
  readonly count: Method<'serverStream', Count, Count, Tick, Tick>
  readonly add: Method<'clientStream', number, number, number, number>
}>

type Count = { to: number; everyMs?: number; gated?: boolean; padding?: string }
type Tick = { n: number; padding?: string | undefined }

/** What the test calls. */
export const service: Service = contract('runtime', {
  /** Validates what it gets. */
  shout: conformance.methods.shout,
  peer: unary.of<null, string>(),
  wait: unary.of<{ ms: number }, string>(),
  /** How the calls of `wait` and `count` have ended so far. */
  ended: unary.of<null, string[]>(),
  /** Lets the streams go on that were asked to wait at the gate. */
  open: unary.of<null, null>(),
  count: serverStream.of<Count, Tick>(),
  add: clientStream.of<number, number>(),
})

/** A server of it. */
export function serve(options: FetchServerOptions): FetchServer {
  const ends: string[] = []
  let gate = Promise.withResolvers<void>()
  const served = endpoints(service, {
    shout: ({ text }) => ({ text: text.toUpperCase() }),
    peer: (_, ctx) => ctx.get(inbound).peer,
    wait: async ({ ms }, ctx) => {
      using _ = ctx.onAbort((cause) => ends.push(`wait ${(cause as { code?: string }).code}`))
      await ctx.clock.sleep(ms, ctx)
      ends.push('wait ok')
      return 'done'
    },
    ended: () => ends,
    open: () => {
      gate.resolve()
      gate = Promise.withResolvers()
      return null
    },
    async *count({ to, everyMs, gated, padding }, ctx) {
      let n = 0
      try {
        if (gated) await gate.promise
        while (n < to) {
          yield { n: ++n, padding }
          if (everyMs !== undefined) await ctx.clock.sleep(everyMs, ctx)
        }
      } finally {
        ends.push(n === to ? 'count whole' : `count ${n > to / 2 ? 'far' : 'early'}`)
      }
    },
    async add(numbers) {
      let sum = 0
      for await (const number of numbers) sum += number
      return sum
    },
  })
  return fetchServer(service, served, {
    requestTimeoutMs: 500,
    drainMs: 5_000,
    onError: () => {},
    mount: [
      httpHandler('/page', (request) => new Response(`${request.method} ${new URL(request.url).pathname}`)),
      httpEndpoint(async () => broken(), { method: 'GET', path: '/broken', encode: (body) => ({ body }) }),
      httpEndpoint(async () => broken(), { method: 'PURGE', path: '/odd', encode: () => ({ status: 202 }) }),
    ],
    ...options,
  })
}

/** The beginning of a body. */
async function* broken(): AsyncGenerator<string> {
  yield 'the beginning'
  throw new Error('my disk is full')
}
