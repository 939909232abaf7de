// Collects a reply into one value, up to a size, until its context ends.
import type { Context } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'
import type { Metadata } from '../core/metadata.ts'
import { ByteCollector } from '../primitives/byte-collector.ts'
import type { Exchange, Origin, OutgoingRequest, ReplyListener } from './exchange.ts'
import { replyTooLarge } from './request-failure.ts'

/** What a reply is collected into. */
export interface CollectedReply {
  readonly status: number
  readonly headers: Metadata
  readonly body: Uint8Array
}

/** Sends the request when it is made; `promise` settles at the end. */
export class WholeReply implements ReplyListener {
  readonly promise: Promise<CollectedReply>
  readonly #maxReplyBytes: number
  readonly #origin: Origin
  readonly #settle = Promise.withResolvers<CollectedReply>()
  readonly #body = new ByteCollector()
  readonly #aborting: Disposable | undefined
  readonly #exchange: Exchange
  #head: { readonly status: number; readonly headers: Metadata } | undefined

  constructor(origin: Origin, request: OutgoingRequest, ctx: Context | undefined, maxReplyBytes: number) {
    this.promise = this.#settle.promise
    this.#origin = origin
    this.#maxReplyBytes = maxReplyBytes
    this.#exchange = origin.send(request, this)
    this.#aborting = ctx?.onAbort((cause) => this.#exchange.abort(cause))
  }

  onHead(status: number, headers: Metadata): void {
    this.#head = { status, headers }
  }

  onData(chunk: Uint8Array): void {
    this.#body.push(chunk)
    if (this.#body.length > this.#maxReplyBytes)
      this.#exchange.abort(replyTooLarge(this.#origin.url, this.#maxReplyBytes))
  }

  onEnd(): void {
    this.#aborting?.[Symbol.dispose]()
    if (this.#head !== undefined) this.#settle.resolve({ ...this.#head, body: this.#body.take() })
  }

  onFailure(error: ServiceError): void {
    this.#aborting?.[Symbol.dispose]()
    this.#body.take()
    this.#settle.reject(error)
  }
}
