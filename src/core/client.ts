// From a contract and a way to call to a client: what is the same on every wire.
import type { CallOptions } from './call-options.ts'
import { systemClock } from './clock.ts'
import { type Context, rootContext } from './context.ts'
import type { Contract, Method, Methods, MethodsOf, RequestByKind, ResponseByKind } from './contract.ts'
import { chain, type Endpoint } from './endpoint.ts'
import { ServiceError } from './errors.ts'
import { checkIdleLimits } from './idle.ts'
import { type MethodInfo, returnsStream } from './method.ts'
import { type ClientOptions, type Line, OpenCall, startUnary } from './open-call.ts'
import { clientLayers } from './pipeline.ts'
import { type Loose, type Schema, validate } from './schema.ts'
import { startStream } from './start-stream.ts'
import { map } from './streams.ts'

/** A method of a client. The second argument is a Context, or options that may hold one. */
export type Call<M> =
  M extends Method<infer K, infer Sent, Loose, Loose, infer Got>
    ? (request: RequestByKind<Sent>[K], options?: Context | CallOptions) => Promise<ResponseByKind<Got>[K]>
    : never

/** A client: the methods of a contract as functions. Disposing it calls off what is still open. */
export type Client<C> = { readonly [K in keyof MethodsOf<C>]: Call<MethodsOf<C>[K]> } & AsyncDisposable

/** A way to call: what an adapter of a transport hands to `clientOf`. */
export interface Wire extends ClientOptions {
  /** How many connections there may be, where each carries one call at a time. */
  readonly maxConnections?: number | undefined
  /** Called once per method, when the client is built. The endpoint sends one request and gives the decoded response. */
  connect(method: MethodInfo): Endpoint<Loose, unknown>
  /** Lets go of connections; open calls have been called off by then. */
  close?(): Promise<void> | void
}

/**
 * Makes a client over any wire. Every call settles: at the latest at its deadline, when its caller calls it off, or when
 * the client is closed, whatever the wire does. Replies are validated here; a reply that does not fit is `internal`.
 */
export function clientOf<M extends Methods>(contract: Contract<M>, wire: Wire): Client<Contract<M>> {
  const root = rootContext({ clock: wire.clock ?? systemClock })
  const methods = Object.values(contract.info) as MethodInfo[]
  const used = clientLayers(wire, { methods, maxConnections: wire.maxConnections })
  const around = chain(...used)
  checkIdleLimits(wire.streamLimits)
  const client: Record<PropertyKey, unknown> = {}
  for (const [name, { output }] of Object.entries<Method>(contract.methods)) {
    const info = contract.info[name] as MethodInfo
    const send = wire.connect(info)
    // Validation stands inside what observes. Where nothing does, the call itself does it, and saves a promise.
    const line = used.length === 0 ? { output, send } : { output: undefined, send: around(checked(send, output, info)) }
    client[name] = callOf({ ...line, info, root, wire })
  }
  let closing: Promise<void> | undefined
  const close = async () => {
    root.cancel(new ServiceError('canceled', `the client of ${contract.name} was closed`))
    await wire.close?.()
  }
  client[Symbol.asyncDispose] = () => {
    closing ??= close()
    return closing
  }
  return Object.freeze(client) as Client<Contract<M>>
}

function checked(
  send: Endpoint<Loose, unknown>,
  output: Schema | undefined,
  info: MethodInfo,
): Endpoint<Loose, unknown> {
  if (output === undefined) return send
  const check = (message: unknown) => validate(output, message, 'reply')
  if (!returnsStream(info)) return (request, ctx) => send(request, ctx).then(check)
  return (request, ctx) => send(request, ctx).then((replies) => map(replies as AsyncIterable<unknown>, check))
}

/** Makes the function that calls one method; what `clientOf` promises holds for each of its calls. */
export function callOf(line: Line): (request: unknown, given?: Context | CallOptions) => Promise<unknown> {
  const start = line.info.kind === 'unary' ? startUnary : startStream
  return (request, given) =>
    new Promise((resolve, reject) => start(new OpenCall(line, given, resolve, reject), request))
}
