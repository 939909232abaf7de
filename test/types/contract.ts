// What must compile and what must not, of contracts, handlers, endpoints and clients: checked by the compiler, never run.
import { type } from 'arktype'
import {
  bidiStream,
  type CallOptions,
  type Client,
  type Context,
  clientStream,
  contextKey,
  contract,
  type Endpoint,
  type Endpoints,
  endpoints,
  type Handlers,
  type Middleware,
  rootContext,
  serverStream,
  type TypedMiddleware,
  unary,
} from 'servicekit'
import * as v from 'valibot'
import { z } from 'zod'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

const When = z.object({ at: z.string().transform((text) => new Date(text)) })
const svc = contract('svc', {
  sum: unary({
    input: z.object({ a: z.number(), b: z.number().default(0) }),
    output: z.object({ total: z.number() }),
    idempotent: true,
    timeoutMs: 200,
    failed: ({ total }) => total < 0,
  }),
  when: unary({ input: When, output: When }),
  note: unary.of<{ text: string }, void>(),
  count: serverStream({ input: v.object({ to: v.number() }), output: v.object({ n: v.number() }) }),
  add: clientStream({ input: type('number'), output: type('number') }),
  echo: bidiStream({ input: z.string(), output: z.string() }),
})

// A handler takes what the input schema makes, and returns what the output schema accepts.
type H = Handlers<typeof svc>
same<Parameters<H['sum']>[0], { a: number; b: number }>(true)
same<Parameters<H['when']>[0], { at: Date }>(true)
same<Parameters<H['add']>[0], AsyncIterable<number>>(true)
same<ReturnType<H['when']>, { at: string } | Promise<{ at: string }>>(true)

// A caller sends what the input schema accepts, and gets what the output schema makes.
type C = Client<typeof svc>
same<Parameters<C['sum']>[0], { a: number; b?: number | undefined }>(true)
same<Parameters<C['sum']>[1], Context | CallOptions | undefined>(true)
same<Awaited<ReturnType<C['when']>>, { at: Date }>(true)
same<Awaited<ReturnType<C['count']>>, AsyncIterable<{ n: number }>>(true)
same<Awaited<ReturnType<C['echo']>>, AsyncIterable<string>>(true)

// An endpoint takes what a caller sends, since it validates.
type E = Endpoints<typeof svc>
same<Parameters<E['sum']>[0], { a: number; b?: number | undefined }>(true)
same<Awaited<ReturnType<E['when']>>, { at: string }>(true)

const impl = {
  sum: ({ a, b }) => ({ total: a + b }),
  when: async ({ at }) => ({ at: at.toISOString() }),
  note: () => {},
  async *count({ to }, ctx) {
    for (let n = 1; n <= to && !ctx.aborted; n++) yield { n }
  },
  async add(numbers) {
    let total = 0
    for await (const number of numbers) total += number
    return total
  },
  async *echo(words) {
    for await (const word of words) yield word.toUpperCase()
  },
} satisfies Handlers<typeof svc>

declare const pass: Middleware
declare function cache<Req, Res>(options: { key: (request: Req) => unknown }): TypedMiddleware<Req, Res>
endpoints(svc, impl)
endpoints(svc, impl, { use: [pass], methods: { sum: [cache({ key: (request) => request.a + request.b })] } })
endpoints(svc, { ...impl, sum: ({ a }) => ({ total: a }) }, undefined)
// A method is already an endpoint.
const plain: Endpoint<{ text: string }, void> = async ({ text }, ctx) => void [text, ctx.method.name]
plain({ text: '' }, rootContext())

// A maybe can be passed wherever an option is optional.
declare const maybe: number | undefined
unary.of<string, string>({ timeoutMs: maybe, idempotent: undefined, http: undefined })

const tenant = contextKey('tenant', { scope: 'wire', fallback: '' })
const limit = contextKey<number | undefined>('limit', { scope: 'request', fallback: undefined })
const flags = contextKey<Set<string>>('flags', {
  scope: 'wire',
  fallback: new Set(),
  encode: (set) => [...set].join(' '),
  decode: (text) => new Set(text.split(' ')),
})
same<ReturnType<typeof rootContext>['method']['kind'], 'unary' | 'serverStream' | 'clientStream' | 'bidiStream'>(true)

export async function calls(client: C, words: AsyncIterable<string>, ctx: Context): Promise<void> {
  const { total } = await client.sum({ a: 1 })
  await client.sum({ a: total, b: 2 }, ctx)
  await client.sum({ a: 1 }, { ctx, timeoutMs: 5, retry: false, headers: { 'x-a': 'b' }, signal: ctx.signal })
  for await (const { n } of await client.count({ to: 3 })) n.toFixed()
  for await (const word of await client.echo(words, ctx)) word.length
  await client[Symbol.asyncDispose]()
  using limited = ctx.withTimeout(5)
  limited.get(tenant).length
  same<number | undefined, ReturnType<typeof limited.get<number | undefined>>>(true)
  limited.with(limit, 5).get(flags).has('a')

  // @ts-expect-error a wrong request
  client.sum({ a: 'x' })
  // @ts-expect-error an unknown method
  client.product({ a: 1 })
  // @ts-expect-error retry can only be switched off
  client.sum({ a: 1 }, { retry: true })
  // @ts-expect-error a stream where one message is wanted
  client.sum(words)
  // @ts-expect-error one message where a stream is wanted
  client.add(1)
  // @ts-expect-error the wrong type of value
  ctx.with(tenant, 5)
  // @ts-expect-error what was not derived is not disposed here
  using _ = ctx
}

// @ts-expect-error a reserved name
contract('bad', { toJSON: unary.of<string, string>() })
// @ts-expect-error no schema
unary({ input: { a: 'number' }, output: z.string() })
// @ts-expect-error a missing output
unary({ input: z.string() })
// @ts-expect-error a missing handler
endpoints(svc, { sum: impl.sum })
// @ts-expect-error a handler that returns the wrong type
endpoints(svc, { ...impl, sum: ({ a }: { a: number }) => ({ totl: a }) })
// @ts-expect-error a middleware for a method that does not exist
endpoints(svc, impl, { methods: { product: [] } })
// @ts-expect-error a middleware of another shape
endpoints(svc, impl, { methods: { sum: [cache<string, string>({ key: (text) => text })] } })
// @ts-expect-error a value of scope wire that is not text needs encode and decode
contextKey<number>('count', { scope: 'wire', fallback: 0 })
// @ts-expect-error a middleware cannot invent a response
const invents: Middleware = () => async () => ({ total: 1 })
// @ts-expect-error a path begins with a slash
unary.of<string, string>({ http: { method: 'GET', path: 'items' } })

export { invents }
