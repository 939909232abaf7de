// From a contract, its handlers and middleware to endpoints: the part of a server that no transport has to do.
import type { Context } from './context.ts'
import type { Contract, HandlerOf, Method, Methods, MethodsOf, RequestByKind, ResponseByKind } from './contract.ts'
import { chain, type Endpoint, type Middleware, type TypedMiddleware } from './endpoint.ts'
import { inbound } from './inbound.ts'
import { type MethodInfo, returnsStream, sendsStream } from './method.ts'
import { type Loose, type Schema, validate } from './schema.ts'
import { isAsyncIterable, map } from './streams.ts'

/** What serves a method: takes what a caller sends, validates it, and gives what the handler returned. */
export type Served<M> =
  M extends Method<infer K, infer Sent, Loose, infer Returned, Loose>
    ? Endpoint<RequestByKind<Sent>[K], ResponseByKind<Returned>[K]>
    : never

/** The endpoints of a contract by method name. */
export type Endpoints<C> = { readonly [K in keyof MethodsOf<C>]: Served<MethodsOf<C>[K]> }

/** A middleware of one method: it stands behind validation and sees what the handler sees. */
export type MethodMiddleware<M> =
  M extends Method<infer K, Loose, infer Received, infer Returned, Loose>
    ? TypedMiddleware<RequestByKind<Received>[K], ResponseByKind<Returned>[K]>
    : never

/** The middleware of a service. */
export interface EndpointsOptions<M extends Methods> {
  /** Around every method, outside validation; the first is outermost. */
  readonly use?: readonly Middleware[] | undefined
  /** Around single methods, inside validation; the first is outermost. */
  readonly methods?: { readonly [K in keyof M]?: readonly MethodMiddleware<M[K]>[] | undefined } | undefined
}

/**
 * Makes the endpoints of a service. Each one runs `use`, then validates the request, then runs the method's own
 * middleware and the handler. A handler is called as a method of `handlers`, may be synchronous, and whatever it throws
 * becomes a rejection.
 *
 * Throws a TypeError when a handler is missing, or when `methods` names a method that the contract does not have. What else
 * `handlers` has is its own affair: a class has methods beside those it serves.
 */
export function endpoints<M extends Methods>(
  contract: Contract<M>,
  handlers: { readonly [K in keyof M]: HandlerOf<M[K]> },
  options?: EndpointsOptions<M>,
): { readonly [K in keyof M]: Served<M[K]> } {
  const around = chain(...(options?.use ?? []))
  const served: Record<string, AnyEndpoint> = {}
  const named = handlers as Readonly<Record<string, AnyHandler | undefined>>
  const own = (options?.methods ?? {}) as Readonly<
    Record<string, readonly TypedMiddleware<unknown, unknown>[] | undefined>
  >
  for (const name of Object.keys(own)) {
    if (!Object.hasOwn(contract.methods, name))
      throw new TypeError(`methods: contract ${contract.name} has no method ${name}`)
  }
  for (const [name, method] of Object.entries<Method>(contract.methods)) {
    const handler = named[name]
    if (typeof handler !== 'function')
      throw new TypeError(`contract ${contract.name}: the handler of method ${name} is missing`)
    const info = contract.info[name] as MethodInfo
    const handled = (own[name] ?? []).reduceRight((inner, layer) => layer(inner), lift(handlers, handler, info))
    served[name] = around(method.input === undefined ? handled : validating(method.input, info, handled))
  }
  return Object.freeze(served) as { readonly [K in keyof M]: Served<M[K]> }
}

type AnyEndpoint = Endpoint<unknown, unknown>
type AnyHandler = (request: unknown, ctx: Context) => unknown

/** Lenient at the edge, strict inside: after this every handler is an endpoint. */
function lift(self: unknown, handler: AnyHandler, info: MethodInfo): AnyEndpoint {
  const call: AnyEndpoint = (request, ctx) => {
    // Whatever a policy within the handler says of its own call, this one did run.
    ctx.get(inbound).hasRun = true
    try {
      const response = handler.call(self, request, ctx)
      return response instanceof Promise ? response : Promise.resolve(response)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }
  if (!returnsStream(info)) return call
  return (request, ctx) =>
    call(request, ctx).then((response) => {
      if (isAsyncIterable(response)) return response
      throw new TypeError(`the handler of ${info.fullName} must return an async iterable`)
    })
}

function validating(schema: Schema, info: MethodInfo, next: AnyEndpoint): AnyEndpoint {
  if (sendsStream(info)) {
    return (requests, ctx) =>
      next(
        map(requests as AsyncIterable<unknown>, (message) => validate(schema, message, 'request')),
        ctx,
      )
  }
  return (request, ctx) => {
    try {
      const valid = validate(schema, request, 'request')
      return valid instanceof Promise ? valid.then((late) => next(late, ctx)) : next(valid, ctx)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }
}
