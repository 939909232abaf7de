// Gives a reply to a reader as it comes, no faster than it is read, until its context ends.
import type { Context } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'
import type { Metadata } from '../core/metadata.ts'
import { AsyncQueue } from '../primitives/async-queue.ts'
import type { Exchange, Origin, OutgoingRequest, ReplyListener } from './exchange.ts'
import { replyTooLarge } from './request-failure.ts'

/** A reply that has begun. */
export interface BegunReply {
  readonly status: number
  readonly headers: Metadata
  readonly body: AsyncIterable<Uint8Array>
}

/** Sends the request when it is made; `promise` settles with the head of the reply. */
export class OpenReply implements ReplyListener {
  readonly promise: Promise<BegunReply>
  readonly #maxReplyBytes: number
  readonly #origin: Origin
  readonly #begun = Promise.withResolvers<BegunReply>()
  readonly #body = new AsyncQueue<Uint8Array>({ capacity: 1, onReturn: () => this.#exchange.abort() })
  readonly #aborting: Disposable | undefined
  readonly #exchange: Exchange
  #bytes = 0

  constructor(origin: Origin, request: OutgoingRequest, ctx: Context | undefined, maxReplyBytes: number) {
    this.promise = this.#begun.promise
    this.#origin = origin
    this.#maxReplyBytes = maxReplyBytes
    this.#exchange = origin.send(request, this)
    this.#aborting = ctx?.onAbort((cause) => this.#exchange.abort(cause))
  }

  onHead(status: number, headers: Metadata): void {
    this.#begun.resolve({ status, headers, body: this.#body })
  }

  onData(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength
    if (this.#bytes > this.#maxReplyBytes) {
      this.#exchange.abort(replyTooLarge(this.#origin.url, this.#maxReplyBytes))
      return
    }
    const taken = this.#body.push(chunk)
    if (typeof taken === 'boolean') return
    this.#exchange.pause()
    void taken.then(() => this.#exchange.resume())
  }

  onEnd(): void {
    this.#aborting?.[Symbol.dispose]()
    this.#body.end()
  }

  onFailure(error: ServiceError): void {
    this.#aborting?.[Symbol.dispose]()
    this.#begun.reject(error)
    this.#body.fail(error)
  }
}
