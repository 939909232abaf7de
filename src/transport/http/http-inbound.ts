// A call that came over HTTP as its handler sees it: beside headers and peer its verb, its URL and the caller's certificate.
import type { Context } from '../../core/context.ts'
import { type ContextKey, headerKey } from '../../core/context-key.ts'
import { Inbound } from '../../core/inbound.ts'
import type { Exchange } from './exchange.ts'

const framing = /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/

/** The call being served, when it came over HTTP. */
export class HttpInbound extends Inbound {
  readonly exchange: Exchange
  /** What the before hooks of a single endpoint made of the call's context. */
  within: Context | undefined = undefined

  #onGone: (() => void)[] = []

  constructor(exchange: Exchange, trusted: boolean) {
    super(exchange.headers, exchange.peer.address, trusted)
    this.exchange = exchange
  }

  /** Calls the listener once, when the caller goes before it has the whole reply. */
  onGone(listener: () => void): void {
    this.#onGone.push(listener)
  }

  /** The caller has gone. */
  gone(): void {
    const listeners = this.#onGone
    this.#onGone = []
    for (const listener of listeners) listener()
  }

  override setHeader(name: string, value: string): this {
    checkFraming(name)
    return super.setHeader(name, value)
  }

  override setTrailer(name: string, value: string): this {
    checkFraming(name)
    return super.setTrailer(name, value)
  }
}

/** Whether a header says where a message ends or what becomes of its connection: the server alone sets those. */
export function isFraming(name: string): boolean {
  return framing.test(name.toLowerCase())
}

function checkFraming(name: string): void {
  if (isFraming(name)) throw new TypeError(`header ${name} is set by the server itself`)
}

/** What a request was, beside its headers. */
export interface HttpRequestLine {
  /** The verb: `GET`, `POST`, … */
  readonly method: string
  /** Path and query, as they were sent. */
  readonly target: string
  /** What the caller called this server: its `Host` header; empty when it sent none. */
  readonly host: string
  /** Whether the connection is encrypted. */
  readonly secure: boolean
}

/** Verb and URL of the request being served; undefined when it did not come over HTTP. */
export const httpRequest: ContextKey<HttpRequestLine | undefined> = headerKey('http-request', 'hop', undefined, {
  read: (call) => {
    if (!(call instanceof HttpInbound)) return undefined
    const { method, target, headers, peer } = call.exchange
    return { method, target, host: headers.get('host') ?? '', secure: peer.secure }
  },
  write: () => {},
})

/** The certificate of the caller, in DER; undefined unless the server asks for one (`tls.requestCertificate`) and trusts it. */
export const clientCertificate: ContextKey<Uint8Array | undefined> = headerKey('client-certificate', 'hop', undefined, {
  read: (call) => (call instanceof HttpInbound ? call.exchange.peer.certificate : undefined),
  write: () => {},
})

/** The id of the last event that a browser saw before it lost the stream and asked again (Server-Sent Events); empty when there is none. */
export const lastEventId: ContextKey<string> = headerKey('last-event-id', 'hop', '', {
  read: ({ headers }) => headers.get('last-event-id') ?? undefined,
  write: () => {},
})
