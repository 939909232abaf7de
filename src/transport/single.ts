// The single-endpoint door that every wire has: one endpoint with its own decoding, encoding and hooks, without a contract.
import { type CallOptions, callOptions, checkHeaders } from '../core/call-options.ts'
import { callOf, type Wire } from '../core/client.ts'
import { type Context, rootContext } from '../core/context.ts'
import { chain, type Endpoint, tap } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { checkIdleLimits } from '../core/idle.ts'
import { inbound } from '../core/inbound.ts'
import { checkHeader, type Metadata } from '../core/metadata.ts'
import type { MethodInfo } from '../core/method.ts'
import type { Outcome } from '../core/outcome.ts'
import { clientLayers } from '../core/pipeline.ts'
import type { Loose } from '../core/schema.ts'
import { tell } from '../core/tell.ts'
import type { CallEnd, ClientHooks, ServerHooks } from './hooks.ts'

/** How a single endpoint is served. */
export interface SingleEndpointOptions<Req, Res> extends ServerHooks {
  /** Reads the request from what the wire carries; whatever it throws is the caller's error. @default as it is */
  readonly decode?: ((message: unknown, ctx: Context) => Req | Promise<Req>) | undefined
  /** Makes of the response what the wire carries. @default as it is */
  readonly encode?: ((response: Res, ctx: Context) => unknown) | undefined
  /** Says what the caller is told of an error. @default `ServiceError.from` */
  readonly encodeError?: ((thrown: unknown, ctx: Context) => ServiceError) | undefined
}

/** How a single method is called. */
export interface SingleCallOptions<Req, Res> extends ClientHooks {
  /** Makes of the request what the wire carries. @default as it is */
  readonly encode?: ((request: Req, ctx: Context) => unknown) | undefined
  /** Reads the response from what the wire carries. @default as it is */
  readonly decode?: ((message: unknown, ctx: Context) => Res | Promise<Res>) | undefined
}

/**
 * Puts decoding, encoding and hooks around an endpoint that is served: before, decode, endpoint, after, encode, finally.
 * `onBefore` gets what the before hooks made of the context.
 */
export function hookedEndpoint<Req, Res>(
  endpoint: Endpoint<Req, Res>,
  options: SingleEndpointOptions<Req, Res>,
  onBefore?: (within: Context) => void,
): Endpoint<unknown, unknown> {
  const { decode, encode, encodeError = ServiceError.from } = options
  return watched(options.finally, async (message, ctx, note) => {
    let within = ctx
    try {
      for (const hook of options.before ?? []) within = hook(within, ctx.get(inbound))
      note(within)
      onBefore?.(within)
      const request = decode === undefined ? (message as Req) : await decoded(decode, message, within)
      const response = await endpoint(request, within)
      for (const hook of options.after ?? []) hook(within, ctx.get(inbound))
      return encode === undefined ? response : await encode(response, within)
    } catch (thrown) {
      throw encodeError(thrown, within)
    }
  })
}

/**
 * Makes the function that calls one method without a contract: `use` and, inside it, before, encode, send, after, decode,
 * finally. Hooks run under the context of the call itself, and every call settles as those of a client do.
 */
export function singleCall<Req, Res>(
  info: MethodInfo,
  send: Endpoint<Loose, unknown>,
  options: Omit<Wire, 'connect' | 'close'> & SingleCallOptions<Req, Res>,
): (request: Req, given?: Context | CallOptions) => Promise<Res> {
  const around = chain(...clientLayers(options, { methods: [info], maxConnections: options.maxConnections }))
  checkIdleLimits(options.streamLimits)
  const root = rootContext({ clock: options.clock })
  const line = { info, output: undefined, send: around(hookedSend(send, options)), root, wire: options }
  return callOf(line) as (request: Req, given?: Context | CallOptions) => Promise<Res>
}

function hookedSend<Req, Res>(
  send: Endpoint<Loose, unknown>,
  { before = [], encode, decode, after = [], finally: ends }: SingleCallOptions<Req, Res>,
): Endpoint<unknown, unknown> {
  return watched(ends, async (request, ctx, note) => {
    let within = ctx
    const headers = new Map<string, string>()
    const outgoing = { setHeader: (name: string, value: string) => void headers.set(checkHeader(name, value), value) }
    for (const hook of before) within = hook(within, outgoing)
    note(within)
    if (headers.size > 0 || after.length > 0) within = within.with(callOptions, hookedOptions(within, headers, after))
    const message = await send(encode === undefined ? request : await encode(request as Req, within), within)
    return decode === undefined ? message : decode(message, within)
  })
}

function hookedOptions(
  ctx: Context,
  headers: ReadonlyMap<string, string>,
  after: readonly ((ctx: Context, headers: Metadata) => void)[],
): CallOptions {
  const given = ctx.get(callOptions)
  const all = { ...given?.headers, ...Object.fromEntries(headers) }
  checkHeaders(all)
  return {
    ...given,
    headers: all,
    onHeaders: (reply) => {
      for (const hook of after) tell((headers: Metadata) => hook(ctx, headers), reply)
      tell(given?.onHeaders, reply)
    },
  }
}

type Finally = readonly ((event: CallEnd) => void)[] | undefined

/** Runs the `finally` hooks once: when a response, an error or the end of a stream is there, or the call was called off. */
function watched(
  hooks: Finally,
  run: (message: unknown, ctx: Context, note: (within: Context) => void) => Promise<unknown>,
): Endpoint<unknown, unknown> {
  if (hooks === undefined || hooks.length === 0) return (message, ctx) => run(message, ctx, () => {})
  return (message, ctx) => {
    let within = ctx
    const note = (noted: Context) => {
      within = noted
    }
    const watcher = {
      onStart: () => ctx.clock.now(),
      onEnd: (startedAt: number, { code, error }: Outcome) => {
        const event = { ctx: within, code, error, tookMs: ctx.clock.now() - startedAt }
        for (const hook of hooks) tell(hook, event)
      },
    }
    return tap((request: unknown, inner: Context) => run(request, inner, note), watcher)(message, ctx)
  }
}

async function decoded<Req>(
  decode: (message: unknown, ctx: Context) => Req | Promise<Req>,
  message: unknown,
  ctx: Context,
): Promise<Req> {
  try {
    return await decode(message, ctx)
  } catch (thrown) {
    if (thrown instanceof ServiceError) throw thrown
    throw new ServiceError('invalid_argument', 'the request could not be read', { cause: thrown })
  }
}
