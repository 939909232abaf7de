// The words of an HTTP exchange: what is sent, who hears of the reply, and how it is called off.
import type { ServiceError } from '../core/errors.ts'
import type { Metadata } from '../core/metadata.ts'
import type { CheckedRequesterOptions } from './requester-options.ts'

/** A request to an origin. It is not copied: whoever sends it leaves it as it is until the exchange is over. */
export interface OutgoingRequest {
  readonly method: string
  /** With the query, and percent-encoded: `/v1/kv/a?raw`. */
  readonly path: string
  /** Names and values in turn. `host`, `connection` and the length of the body are added. */
  readonly headers: readonly string[]
  /** A string is sent as UTF-8. What is iterated is sent in chunks, as fast as the other side takes them. @default none */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined
  /** How long it may take until the headers of the reply are here, from `send` on, in milliseconds. @default that of the requester */
  readonly headersTimeoutMs?: number | undefined
  /** Whether the process may end while this is under way: for long polls, which nobody waits for. A `fetch` of the platform holds it anyway. @default false */
  readonly background?: boolean | undefined
}

/** Whoever hears of a reply, always after `send` has returned. What it throws in `onHead` or `onData` fails the exchange. */
export interface ReplyListener {
  /** The final status and the headers, by lower-case name. Informational replies (1xx) are passed over. */
  onHead(status: number, headers: Metadata, exchange: Exchange): void
  /** A piece of the body, to be kept or not: nobody writes into it. */
  onData(chunk: Uint8Array): void
  /** The reply is whole. */
  onEnd(trailers: Metadata | undefined): void
  /** There will be no (more of a) reply. Exactly one of `onEnd` and `onFailure` is called, once. */
  onFailure(error: ServiceError): void
}

/** A request under way. After its end nothing of this does anything. */
export interface Exchange {
  /** Calls it off: before this returns the listener hears `onFailure` with `ServiceError.fromAbort(reason)`. */
  abort(reason?: unknown): void
  /** Has no more of the body read until `resume`; at most what is already here still arrives. */
  pause(): void
  resume(): void
}

/** Where requests are sent to: a scheme, a host and a port. */
export interface Origin {
  /** `http://host:port`, without the port that goes without saying. */
  readonly url: string
  /** Sends a request. A mistake in it, too, is told through `onFailure`, and not thrown. */
  send(request: OutgoingRequest, listener: ReplyListener): Exchange
}

/** An origin as its requester has it. What is open or running holds it. */
export interface OpenOrigin extends Origin {
  /** Fails all exchanges with `error`, later ones too; resolves when nothing is left open. */
  close(error: ServiceError): Promise<void>
}

/** What carries the exchanges of a requester on one platform. */
export interface HttpDispatch {
  /** `url` is the normal form of an origin; each is opened once at a time. */
  open(url: string): OpenOrigin
}

/** How a platform is plugged in. Throws a TypeError for an option that was given and that this platform cannot honour. */
export type HttpDispatchConstructor = new (options: CheckedRequesterOptions) => HttpDispatch
