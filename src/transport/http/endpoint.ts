// The single-endpoint door of the server: one endpoint with its own decoding, encoding and hooks, for wires that are not ours.
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { ServiceError } from '../../core/errors.ts'
import { inbound } from '../../core/inbound.ts'
import { noMethod } from '../../core/method.ts'
import { nameOf } from '../../core/single-method.ts'
import { tell } from '../../core/tell.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { ServerHooks } from '../hooks.ts'
import { hookedEndpoint } from '../single.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import { HttpInbound } from './http-inbound.ts'
import type { HttpReplyMessage, HttpRequestMessage } from './http-request-message.ts'
import type { HttpMount } from './service.ts'

export type { HttpCallEnd, HttpMount, HttpReplyMessage, HttpRequestMessage }

/** How a single endpoint is served over HTTP. */
export interface HttpEndpointOptions<Req, Res> extends Pick<ServerHooks, 'before' | 'after'> {
  /** The verb; `*` for all that no other endpoint of the path takes. */
  readonly method: string
  /** A segment like `:id` is a parameter; a last segment `*` stands for any rest. */
  readonly path: `/${string}`
  /** How metrics and logs call it, as `service/name`. @default `http` and the route */
  readonly name?: string | undefined
  /** Of a good reply that does not say. @default 200 */
  readonly status?: number | undefined
  /** Whether the whole body is read before `decode`, or is handed over as it comes, without a limit on its size. @default whole */
  readonly body?: 'whole' | 'stream' | undefined
  /** How long a call may take unless its caller says otherwise, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** Reads the request; whatever it throws is the caller's error. @default the body as JSON */
  readonly decode?: ((message: HttpRequestMessage, ctx: Context) => Req | Promise<Req>) | undefined
  /** Makes the reply. @default JSON */
  readonly encode?: ((response: Res, ctx: Context) => HttpReplyMessage | Promise<HttpReplyMessage>) | undefined
  /** Makes the reply to a call that failed; `error.cause` is what was thrown, and must stay at home. @default a problem document */
  readonly encodeError?: ((error: ServiceError, ctx: Context) => HttpReplyMessage) | undefined
  /** Once for each call, however it ended, after the last byte was handed over or the caller has gone. */
  readonly finally?: readonly ((event: HttpCallEnd) => void)[] | undefined
}

/** An endpoint without a contract, for the `mount` of a server. Throws a TypeError or RangeError when an option is out of range. */
export function httpEndpoint<Req = unknown, Res = unknown>(
  endpoint: Endpoint<Req, Res>,
  options: HttpEndpointOptions<Req, Res>,
): HttpMount {
  const { method, path, status, body = 'whole', timeoutMs, encodeError, finally: ends = [] } = options
  const { decode = jsonOf, encode = jsonReply } = options
  checkRoute(method, path)
  if (status !== undefined) checkNumber('status', status, { min: 200, max: 599, integer: true })
  if (timeoutMs !== undefined) checkNumber('timeoutMs', timeoutMs, { min: 1 })
  if (body !== 'whole' && body !== 'stream') throw new TypeError(`body must be whole or stream, but is ${String(body)}`)
  const named =
    options.name === undefined ? { service: 'http', name: `${method} ${path}` } : nameOf('name', options.name)
  const info = Object.freeze({ ...noMethod, ...named, fullName: `${named.service}/${named.name}`, timeoutMs })
  const hooks = { before: options.before, after: options.after }
  const hooked = hookedEndpoint(endpoint, { ...hooks, decode: decode as never, encode: encode as never }, (within) => {
    const call = within.get(inbound)
    if (call instanceof HttpInbound) call.within = within
  })
  return {
    info,
    endpoint: hooked,
    routes: [{ method, path, status, body: true }],
    raw: {
      streams: body === 'stream',
      readsJson: options.decode === undefined && body === 'whole',
      encodeError,
      onEnd: ends.length === 0 ? undefined : (event) => ends.forEach((hook) => tell(hook, event)),
    },
  }
}

const verbForm = /^(?:\*|[A-Z][A-Z-]*)$/

/** Throws a TypeError for what is no route. */
export function checkRoute(method: string, path: string): void {
  if (!verbForm.test(method))
    throw new TypeError(`method must be a verb in capitals or *, but is ${JSON.stringify(method)}`)
  if (typeof path !== 'string' || !/^\/[!-~]*$/.test(path) || /[?#]/.test(path))
    throw new TypeError(
      `path must begin with a slash and have neither query nor spaces, but is ${JSON.stringify(path)}`,
    )
}

function jsonOf(message: HttpRequestMessage): never {
  return message.json() as never
}

function jsonReply(response: unknown): HttpReplyMessage {
  const text = JSON.stringify(response)
  if (text === undefined) return {}
  return { headers: { 'content-type': 'application/json' }, body: `${text}\n` }
}
