// What a server knows of the call that it is serving: the caller's headers, who it is, and what goes back beside the reply.

import { checkNumber } from '../primitives/check.ts'
import { randomId } from '../primitives/random.ts'
import { type ContextKey, contextKey, headerKey, type InboundValues, type Values } from './context-key.ts'
import { type CookieOptions, cookieText } from './cookie.ts'
import type { MessageSizes } from './message-sizes.ts'
import {
  checkHeader,
  headerNames,
  type Metadata,
  metadataLimits,
  readCount,
  readTraceContext,
  type TraceContext,
} from './metadata.ts'

/**
 * Sets what goes back beside the reply. Trailers must be set before its end; status, headers and cookies before it begins, and
 * where it is a stream before its first message: afterwards they throw an Error.
 */
export interface Reply {
  /** Sets the status of a good HTTP reply, from 200 to 599; other wires have none and ignore it. Throws a RangeError for any other number. */
  setStatus(status: number): this
  /** Sets one header, replacing the one of that name. Throws a TypeError when name or value could not cross a wire. */
  setHeader(name: string, value: string): this
  /** Sets one cookie beside those that are set already; wires other than HTTP ignore it. Throws as `cookieText` does. */
  setCookie(name: string, value: string, options?: CookieOptions): this
  /** Sets one trailer, replacing the one of that name. Throws as `setHeader` does. */
  setTrailer(name: string, value: string): this
}

const requestIdForm = /^[!-~]+$/

/** The call being served, as its transport saw it. */
export class Inbound implements Reply, InboundValues {
  /** What the caller sent beside the message. */
  readonly headers: Metadata
  /** Who called, in the transport's own words: an address, a subject; empty when it does not say. */
  readonly peer: string
  readonly trusted: boolean
  /** How large the request is, set by a wire once it has read it whole: undefined for a stream of them, and where messages are no bytes. */
  receivedBytes: number | undefined = undefined
  /** Whom the wire tells of the messages of this call; see `watchSizes`. */
  sizes: MessageSizes | undefined = undefined
  /** Whether its handler has begun. */
  hasRun = false
  #requestId: string | undefined
  #hasBegun = false
  #replyStatus: number | undefined
  #replyHeaders: Map<string, string> | undefined
  #replyCookies: string[] | undefined
  #replyTrailers: Map<string, string> | undefined

  constructor(headers: Metadata, peer: string, trusted: boolean) {
    this.headers = headers
    this.peer = peer
    this.trusted = trusted
  }

  /** The caller's request id; a new one when it sent none, or one that is too long or not visible ASCII. */
  get requestId(): string {
    this.#requestId ??= this.#readRequestId() ?? randomId()
    return this.#requestId
  }

  /** The status set for the reply. */
  get replyStatus(): number | undefined {
    return this.#replyStatus
  }

  /** Headers set for the reply so far. */
  get replyHeaders(): ReadonlyMap<string, string> | undefined {
    return this.#replyHeaders
  }

  /** Set-Cookie headers of the reply so far. */
  get replyCookies(): readonly string[] | undefined {
    return this.#replyCookies
  }

  /** Trailers set for the reply so far. */
  get replyTrailers(): ReadonlyMap<string, string> | undefined {
    return this.#replyTrailers
  }

  /** The wire has taken what goes before the reply. */
  beginReply(): void {
    this.#hasBegun = true
  }

  setStatus(status: number): this {
    this.#checkBefore()
    this.#replyStatus = checkNumber('status', status, { min: 200, max: 599, integer: true })
    return this
  }

  setCookie(name: string, value: string, options?: CookieOptions): this {
    this.#checkBefore()
    this.#replyCookies ??= []
    this.#replyCookies.push(cookieText(name, value, options))
    return this
  }

  setHeader(name: string, value: string): this {
    this.#checkBefore()
    this.#replyHeaders ??= new Map()
    this.#replyHeaders.set(checkHeader(name, value), value)
    return this
  }

  setTrailer(name: string, value: string): this {
    this.#replyTrailers ??= new Map()
    this.#replyTrailers.set(checkHeader(name, value), value)
    return this
  }

  #checkBefore(): void {
    if (this.#hasBegun) throw new Error('the reply has begun: status, headers and cookies must be set before')
  }

  #readRequestId(): string | undefined {
    const sent = this.headers.get(headerNames.requestId)
    return sent && sent.length <= metadataLimits.requestIdChars && requestIdForm.test(sent) ? sent : undefined
  }
}

/** Stands in where no call is being served, as in a unit test of a handler: says nothing and keeps nothing. */
class Nobody extends Inbound {
  override get requestId(): string {
    return ''
  }

  override setStatus(): this {
    return this
  }

  override setHeader(): this {
    return this
  }

  override setCookie(): this {
    return this
  }

  override setTrailer(): this {
    return this
  }
}

/** The call being served: its headers and its peer. */
export const inbound: ContextKey<Inbound> = contextKey('inbound', {
  scope: 'hop',
  fallback: new Nobody({ get: () => undefined, *[Symbol.iterator]() {} }, '', false),
})

/** Sets headers and trailers of the reply to the call being served; does nothing where none is. */
export function reply(ctx: Values): Reply {
  return ctx.get(inbound)
}

/** The id that ties together all that is done for one request, in every service: visible ASCII, at most 128 characters. Empty outside a served call. */
export const requestId: ContextKey<string> = headerKey('request-id', 'wire', '', {
  read: (call) => call.requestId,
  write: (id, headers) => headers.set(headerNames.requestId, id),
})

/** The caller's position in its trace, passed on unchanged until a tracer sets its own. */
export const traceContext: ContextKey<TraceContext | undefined> = headerKey('trace-context', 'wire', undefined, {
  read: ({ headers }) => readTraceContext(headers),
  write: (trace, headers) => {
    if (trace === undefined) return
    headers.set(headerNames.traceparent, trace.traceparent)
    if (trace.tracestate !== '') headers.set(headerNames.tracestate, trace.tracestate)
  },
})

/** Which attempt of its call this is, from 1. */
export const attempt: ContextKey<number> = headerKey('attempt', 'hop', 1, {
  read: ({ headers }) => readCount(headers, headerNames.attempt, metadataLimits.attempt),
  write: (count, headers) => {
    if (count > 1) headers.set(headerNames.attempt, String(count))
  },
})

const criticalities = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable'] as const

/** How much a request matters when there is not room for all, dearest first (Google SRE, "Handling Overload"). */
export type Criticality = (typeof criticalities)[number]

/** How much the request matters; honoured from callers only where the server trusts their metadata. */
export const criticality: ContextKey<Criticality> = headerKey('criticality', 'wire', 'critical', {
  read: ({ headers, trusted }) => {
    const sent = trusted ? headers.get(headerNames.criticality) : undefined
    return criticalities.find((level) => level === sent)
  },
  write: (level, headers) => headers.set(headerNames.criticality, level),
})

/** What came in and goes out again with every call that is made for the request, unless it is set anew. */
export const passedOn: readonly ContextKey<unknown>[] = [requestId, traceContext, criticality] as never
