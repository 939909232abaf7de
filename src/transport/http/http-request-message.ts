// A request and a reply as the single-endpoint door sees them: for wires that are not ours.
import type { Metadata } from '../../core/metadata.ts'
import type { Codec } from '../codec.ts'
import type { Parameters } from './input.ts'
import { queryOf } from './target.ts'

/** What a request is made of before it is decoded. */
export interface HttpRequestParts {
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly headers: Metadata
  readonly parameters: Parameters
  readonly body: Uint8Array
  readonly stream: AsyncIterable<Uint8Array>
  readonly codec: Codec
}

/** A request that a single endpoint decodes by itself. */
export class HttpRequestMessage {
  /** The verb. */
  readonly method: string
  /** Path and query, as they were sent. */
  readonly target: string
  readonly path: string
  readonly headers: Metadata
  /** Parameters of the path, decoded. */
  readonly parameters: ReadonlyMap<string, string>
  /** The whole body; empty when the endpoint takes it as a stream. */
  readonly body: Uint8Array
  /** The body as it comes, for endpoints with `body: 'stream'`; else it is empty. */
  readonly stream: AsyncIterable<Uint8Array>
  readonly #query: string
  readonly #codec: Codec

  constructor(parts: HttpRequestParts) {
    this.method = parts.method
    this.target = parts.target
    this.path = parts.path
    this.headers = parts.headers
    this.parameters = new Map(parts.parameters)
    this.body = parts.body
    this.stream = parts.stream
    this.#query = parts.query
    this.#codec = parts.codec
  }

  /** Parameters of the query, in order. Throws `invalid_argument` when they cannot be decoded. */
  get query(): URLSearchParams {
    return new URLSearchParams(queryOf(this.#query))
  }

  /** The body as JSON, as strict as that of a contract. Throws `invalid_argument`. */
  json(): unknown {
    return this.#codec.decode(this.body)
  }

  /** The body as text in UTF-8; what is not UTF-8 is replaced. */
  text(): string {
    return new TextDecoder().decode(this.body)
  }
}

/** A reply that a single endpoint encodes by itself. */
export interface HttpReplyMessage {
  /** From 200 to 599. @default what `reply(ctx)` was told, else 200 */
  readonly status?: number | undefined
  /** By name; a list for a header that is sent more than once. @default none beside those of `reply(ctx)` */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** A stream is sent as it comes. @default no body */
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array> | undefined
}
