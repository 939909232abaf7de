// The HTTP client under all adapters: connections by origin, failures as ServiceErrors, whole replies and streams.
import { PlatformDispatch } from '#http-dispatch'
import type { Context } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import type { Metadata } from '../core/metadata.ts'
import type { HttpDispatch, HttpDispatchConstructor, OpenOrigin, Origin, OutgoingRequest } from './exchange.ts'
import { OpenReply } from './open-reply.ts'
import { clientClosed } from './request-failure.ts'
import {
  type CheckedRequesterOptions,
  checkedRequesterOptions,
  checkReplyBytes,
  type RequesterOptions,
} from './requester-options.ts'
import { WholeReply } from './whole-reply.ts'

/** What a request by URL may say. */
export interface RequestOptions extends Pick<OutgoingRequest, 'body' | 'headersTimeoutMs' | 'background'> {
  /** @default GET */
  readonly method?: string | undefined
  /** Names and values. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Calls it off, and is its deadline. @default none */
  readonly ctx?: Context | undefined
  /** The largest body that is taken, in bytes; Infinity for any. @default that of the requester for `request`, Infinity for `open` */
  readonly maxReplyBytes?: number | undefined
}

/** A reply whose body is here. The status may be any; judging it is for those who know the server. */
export interface Reply {
  readonly status: number
  readonly headers: Metadata
  readonly body: Uint8Array
}

/** A reply whose body comes as it is read. */
export interface StreamedReply {
  readonly status: number
  readonly headers: Metadata
  /** To be iterated once; nothing is read ahead of the reader beyond what has arrived. Leaving the loop ends the exchange. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Sends requests over HTTP/1.1. Follows no redirect, uses no proxy, decompresses nothing. All failures are ServiceErrors, see `requestFailure`. */
export class Requester implements AsyncDisposable {
  readonly #options: CheckedRequesterOptions
  readonly #dispatch: HttpDispatch
  // Instances come and go for months: an origin that nobody holds and that has no connection is forgotten.
  readonly #origins = new Map<string, WeakRef<OpenOrigin>>()
  readonly #forgotten = new FinalizationRegistry<string>((url) => {
    if (this.#origins.get(url)?.deref() === undefined) this.#origins.delete(url)
  })
  #closed: Promise<void> | undefined

  /** Throws a RangeError or TypeError for an option that is out of range or that the platform cannot honour. */
  constructor(options?: RequesterOptions, Dispatch: HttpDispatchConstructor = PlatformDispatch) {
    this.#options = checkedRequesterOptions(options)
    this.#dispatch = new Dispatch(this.#options)
  }

  /** The origin of a URL like `http://host:port`: the same object for as long as anybody holds it. Throws a TypeError for what is no origin. */
  to(origin: string): Origin {
    return this.#origins.get(origin)?.deref() ?? this.#open(originOf(origin))
  }

  /** Resolves with the whole reply, whatever its status; rejects with a ServiceError, at the deadline of `ctx` at the latest. */
  async request(url: string, options: RequestOptions = {}): Promise<Reply> {
    const maxReplyBytes = checkReplyBytes(options.maxReplyBytes ?? this.#options.maxReplyBytes)
    const { origin, request } = this.#prepare(url, options)
    return new WholeReply(origin, request, options.ctx, maxReplyBytes).promise
  }

  /** Resolves when the headers of the reply are here; for long polls and watches. `ctx` bounds the body too. */
  async open(url: string, options: RequestOptions = {}): Promise<StreamedReply> {
    const maxReplyBytes = checkReplyBytes(options.maxReplyBytes ?? Infinity)
    const { origin, request } = this.#prepare(url, options)
    return new OpenReply(origin, request, options.ctx, maxReplyBytes).promise
  }

  /** Fails all exchanges, and those begun later, with `canceled`; resolves when all sockets are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const error = clientClosed()
    await Promise.all(Array.from(this.#origins.values(), (origin) => origin.deref()?.close(error)))
  }

  #open(url: string): Origin {
    const known = this.#origins.get(url)?.deref()
    if (known !== undefined) return known
    const origin = this.#dispatch.open(url)
    this.#origins.set(url, new WeakRef(origin))
    this.#forgotten.register(origin, url)
    if (this.#closed !== undefined) void origin.close(clientClosed())
    return origin
  }

  #prepare(url: string, options: RequestOptions): { origin: Origin; request: OutgoingRequest } {
    const { ctx } = options
    if (ctx?.aborted) throw ServiceError.fromAbort(ctx.cause)
    const { origin, protocol, pathname, search } = new URL(url)
    if (!isHttp.test(protocol))
      throw new TypeError(`url must begin with http: or https:, but is ${JSON.stringify(url)}`)
    const { method = 'GET', headers = {}, body, headersTimeoutMs, background } = options
    const path = pathname + search
    const request = { method, path, headers: Object.entries(headers).flat(), body, headersTimeoutMs, background }
    return { origin: this.#open(origin), request }
  }
}

const isHttp = /^https?:$/

function originOf(origin: string): string {
  const url = URL.parse(origin)
  const isOrigin =
    url !== null && isHttp.test(url.protocol) && `${url.href}` === `${url.origin}/` && !/[?#]$/.test(origin)
  if (!isOrigin) throw new TypeError(`origin must be like http://host:port, but is ${JSON.stringify(origin)}`)
  return url.origin
}
