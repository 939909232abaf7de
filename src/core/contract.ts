// A contract: what a service can do, as data. Servers, clients, documents and labels derive from it.
import { checkNumber } from '../primitives/check.ts'
import type { Context } from './context.ts'
import { checkIdleLimits, type IdleLimits } from './idle.ts'
import { type Kind, longestUnaryMs, type MethodInfo } from './method.ts'
import { checkPath, type HttpRoute, type HttpRoutes, routeShape, routesOf } from './routes.ts'
import type { Input, Loose, Output, Schema } from './schema.ts'

/**
 * One method of a contract. The types are those of one message: what a caller sends, what the handler gets of it, what
 * the handler returns, and what the caller gets of that.
 */
export interface Method<K extends Kind = Kind, Sent = Loose, Received = Loose, Returned = Loose, Got = Loose> {
  readonly kind: K
  readonly idempotent: boolean
  readonly timeoutMs: number | undefined
  readonly streamLimits: IdleLimits | undefined
  readonly input: Schema<Loose, Loose> | undefined
  readonly output: Schema<Loose, Loose> | undefined
  readonly failed: ((response: Loose) => unknown) | undefined
  readonly http: HttpRoutes | undefined
  /** Only for the compiler; never set. */
  readonly '~types'?: { sent: Sent; received: Received; returned: Returned; got: Got }
}

/** What a method may say of itself. */
export interface MethodOptions {
  /** Whether a second call does no harm, so that a call that may have run can be repeated. @default false */
  readonly idempotent?: boolean | undefined
  /** How long a call may take unless its caller says otherwise, in milliseconds. @default 5_000 for unary, none for streams */
  readonly timeoutMs?: number | undefined
  /** How long a stream of this method may be silent, at both ends. @default `streamLimits` of client and server */
  readonly streamLimits?: IdleLimits | undefined
  /** HTTP routes. @default `POST /<method>` */
  readonly http?: HttpRoutes | undefined
}

/** The messages of a method. */
export interface MethodSchemas<I, O> {
  /** Of one request message; any Standard Schema. */
  readonly input: I
  /** Of one response message; any Standard Schema. */
  readonly output: O
}

/** What a method with a single response may say besides. */
export interface ReplyOptions<Res> {
  /** Finds a business failure in a good response; whatever is truthy counts in metrics, logs, breaker and retry. The wire does not change. */
  readonly failed?: ((response: Res) => unknown) | undefined
}

/** Declares methods of one kind: with schemas, or with `of` by their types alone and nothing validated. */
interface StreamKind<K extends Kind> {
  <I extends Schema<Loose, Loose>, O extends Schema<Loose, Loose>>(
    options: MethodSchemas<I, O> & MethodOptions,
  ): Method<K, Input<I>, Output<I>, Input<O>, Output<O>>
  of<Req, Res>(options?: MethodOptions): Method<K, Req, Req, Res, Res>
}

/** As `StreamKind`, for kinds with a single response. */
interface ReplyKind<K extends Kind> {
  <I extends Schema<Loose, Loose>, O extends Schema<Loose, Loose>>(
    options: MethodSchemas<I, O> & MethodOptions & ReplyOptions<Input<O> | Output<O>>,
  ): Method<K, Input<I>, Output<I>, Input<O>, Output<O>>
  of<Req, Res>(options?: MethodOptions & ReplyOptions<Res>): Method<K, Req, Req, Res, Res>
}

/** One request, one response. */
export const unary: ReplyKind<'unary'> = kind('unary')
/** One request, a stream of responses. */
export const serverStream: StreamKind<'serverStream'> = kind('serverStream')
/** A stream of requests, one response. */
export const clientStream: ReplyKind<'clientStream'> = kind('clientStream')
/** A stream each way. */
export const bidiStream: StreamKind<'bidiStream'> = kind('bidiStream')

/** Methods by name. */
export type Methods = Readonly<Record<string, Method>>

/** The definition of a service. */
export interface Contract<M extends Methods = Methods> {
  readonly name: string
  readonly methods: M
  /** What goes along with each call. */
  readonly info: { readonly [K in keyof M]: MethodInfo }
  /** The HTTP routes of each method, prefix included. */
  readonly routes: { readonly [K in keyof M]: readonly HttpRoute[] }
}

/** What a contract may say as a whole. */
export interface ContractOptions {
  /** Begins every HTTP route. @default none */
  readonly prefix?: `/${string}` | undefined
}

// What a promise, an object or a printer has on it: a client with such a member would break.
type Reserved =
  | Extract<keyof typeof Promise.prototype | keyof typeof Object.prototype, string>
  | 'prototype'
  | 'toJSON'
  | 'inspect'

/**
 * Defines a service. Throws a TypeError or RangeError that names the method when a name would break a client, a schema is
 * not Standard Schema, an option is out of range or two routes collide.
 */
export function contract<const M extends Methods>(
  name: string,
  methods: M & { readonly [K in Extract<keyof M, Reserved>]: `the method name ${K} is reserved` },
  options?: ContractOptions,
): Contract<M> {
  if (typeof name !== 'string' || !/^[A-Za-z][\w.-]{0,127}$/.test(name)) {
    throw new TypeError(
      `a contract's name must be a letter, then letters, digits and ._- (128 at most), but is ${JSON.stringify(name)}`,
    )
  }
  const prefix = options?.prefix === undefined || options.prefix === '/' ? '' : checkPath('prefix', options.prefix)
  const info: Record<string, MethodInfo> = {}
  const routes: Record<string, readonly HttpRoute[]> = {}
  const owners = new Map<string, string>()
  for (const [method, definition] of Object.entries<Method>(methods)) {
    try {
      info[method] = methodInfo(name, method, definition)
      routes[method] = routesOf(method, prefix, definition.http)
      for (const route of routes[method]) claim(owners, route, method)
    } catch (thrown) {
      if (thrown instanceof Error) thrown.message = `contract ${name}, method ${method}: ${thrown.message}`
      throw thrown
    }
  }
  // What is filled in by name has lost the names in its type; the loop above had each of them.
  return Object.freeze({
    name,
    methods: Object.freeze({ ...methods }),
    info: Object.freeze(info),
    routes: Object.freeze(routes),
  }) as unknown as Contract<M>
}

// A missing schema is a mistake here, not a method without one: contract() finds it and names the method.
const missing = {} as Schema

function kind(kind: Kind): Loose {
  const define = (options: Partial<Method> | undefined): Method => {
    const { input, output, idempotent = false, timeoutMs, streamLimits, failed, http } = options ?? {}
    return Object.freeze({ kind, input, output, idempotent, timeoutMs, streamLimits, failed, http })
  }
  const withSchemas = (options: Partial<Method>) =>
    define({ ...options, input: options.input ?? missing, output: options.output ?? missing })
  return Object.assign(withSchemas, { of: define })
}

function methodInfo(service: string, name: string, method: Method): MethodInfo {
  if (!/^[A-Za-z]\w{0,127}$/.test(name))
    throw new TypeError('the name must be a letter, then letters, digits and _ (128 at most)')
  if (name in Promise.prototype || ['prototype', 'toJSON', 'inspect'].includes(name))
    throw new TypeError('the name is reserved: a client with such a member would break')
  const { kind, input, output, idempotent, timeoutMs, streamLimits, failed } = method
  if (kind === undefined) throw new TypeError('define it with unary, serverStream, clientStream or bidiStream')
  checkSchema('input', input)
  checkSchema('output', output)
  checkIdleLimits(streamLimits)
  if (timeoutMs !== undefined) {
    checkNumber('timeoutMs', timeoutMs, { min: 1, max: kind === 'unary' ? longestUnaryMs : Infinity })
  }
  return Object.freeze({
    service,
    name,
    fullName: `${service}/${name}`,
    kind,
    idempotent,
    timeoutMs,
    streamLimits,
    failed,
  })
}

function checkSchema(option: string, schema: Schema | undefined): void {
  if (schema === undefined || typeof schema?.['~standard']?.validate === 'function') return
  throw new TypeError(
    `${option} must be a Standard Schema (zod, valibot, arktype, ...); for types alone use .of<Request, Response>()`,
  )
}

function claim(owners: Map<string, string>, route: HttpRoute, method: string): void {
  const shape = routeShape(route)
  const owner = owners.get(shape)
  if (owner !== undefined && owner !== method)
    throw new TypeError(`its route ${route.method} ${route.path} is taken by method ${owner}`)
  owners.set(shape, method)
}

type Awaitable<T> = T | Promise<T>

interface HandlerByKind<In, Out> {
  unary: (request: In, ctx: Context) => Awaitable<Out>
  serverStream: (request: In, ctx: Context) => Awaitable<AsyncIterable<Out>>
  clientStream: (requests: AsyncIterable<In>, ctx: Context) => Awaitable<Out>
  bidiStream: (requests: AsyncIterable<In>, ctx: Context) => Awaitable<AsyncIterable<Out>>
}

/** What a caller passes for one message type, by kind. */
export interface RequestByKind<In> {
  unary: In
  serverStream: In
  clientStream: AsyncIterable<In>
  bidiStream: AsyncIterable<In>
}

/** What a caller gets for one message type, by kind. */
export interface ResponseByKind<Out> {
  unary: Out
  serverStream: AsyncIterable<Out>
  clientStream: Out
  bidiStream: AsyncIterable<Out>
}

/** The function that implements a method. It may be synchronous and may ignore `ctx`. */
export type HandlerOf<M> =
  M extends Method<infer K, Loose, infer In, infer Out, Loose> ? HandlerByKind<In, Out>[K] : never

/** The methods of a contract. */
export type MethodsOf<C> = C extends Contract<infer M> ? M : never

/** The functions that implement a contract: `const adder = { … } satisfies Handlers<typeof addsvc>`. */
export type Handlers<C> = { readonly [K in keyof MethodsOf<C>]: HandlerOf<MethodsOf<C>[K]> }
