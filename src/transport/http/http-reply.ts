// A reply as the single-endpoint door of the client sees it, and what takes it from the wire.
import { ServiceError } from '../../core/errors.ts'
import type { Metadata } from '../../core/metadata.ts'
import type { Exchange } from '../../platform/exchange.ts'
import { AsyncQueue } from '../../primitives/async-queue.ts'
import { ByteCollector } from '../../primitives/byte-collector.ts'
import type { Codec } from '../codec.ts'
import { type ReplyTaker, replyTooLarge } from './reply-taker.ts'

/** A reply that a single call decodes by itself. */
export class HttpReply {
  readonly status: number
  readonly headers: Metadata
  /** The whole body; empty when it is read as a stream. */
  readonly body: Uint8Array
  /** The body as it comes, for calls with `reply: 'stream'`; else it is empty. */
  readonly stream: AsyncIterable<Uint8Array>
  readonly #codec: Codec

  constructor(status: number, headers: Metadata, body: Uint8Array, stream: AsyncIterable<Uint8Array>, codec: Codec) {
    this.status = status
    this.headers = headers
    this.body = body
    this.stream = stream
    this.#codec = codec
  }

  /** The body as JSON; undefined when there is none. Throws `internal` when it cannot be read: the fault is not the caller's. */
  json(): unknown {
    try {
      return this.#codec.decode(this.body)
    } catch (thrown) {
      throw new ServiceError('internal', 'the reply could not be read', { cause: thrown })
    }
  }

  /** The body as text in UTF-8; what is not UTF-8 is replaced. */
  text(): string {
    return new TextDecoder().decode(this.body)
  }
}

/** What is counted of one call, while it goes on. */
export interface HttpCallCount {
  status: number
  requestBytes: number
  responseBytes: number
}

/** What the takers of one call have in common. */
export interface HttpReplyTakerOptions {
  readonly codec: Codec
  readonly maxBytes: number
  readonly streams: boolean
  readonly count: HttpCallCount
  readonly decodeError: ((reply: HttpReply) => ServiceError) | undefined
}

const nothing = new Uint8Array()

async function* none(): AsyncGenerator<Uint8Array> {}
const windowChunks = 16

/** Gives the reply when it is whole, or when its headers are there. */
export class HttpReplyTaker implements ReplyTaker {
  readonly #options: HttpReplyTakerOptions
  readonly #resolve: (reply: HttpReply) => void
  readonly #reject: (thrown: unknown) => void
  #headers: Metadata | undefined = undefined
  #exchange: Exchange | undefined = undefined
  #queue: AsyncQueue<Uint8Array> | undefined = undefined
  readonly #body = new ByteCollector()

  constructor(options: HttpReplyTakerOptions, resolve: (reply: HttpReply) => void, reject: (thrown: unknown) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  onHead(status: number, headers: Metadata, exchange: Exchange): void {
    this.#options.count.status = status
    this.#headers = headers
    this.#exchange = exchange
    if (!this.#options.streams) return
    this.#queue = new AsyncQueue({ capacity: windowChunks, onReturn: () => exchange.abort() })
    this.#resolve(new HttpReply(status, headers, nothing, this.#queue, this.#options.codec))
  }

  onData(chunk: Uint8Array): void {
    const { count, maxBytes } = this.#options
    count.responseBytes += chunk.length
    if (this.#queue !== undefined) {
      const taken = this.#queue.push(chunk)
      if (typeof taken === 'boolean') return
      this.#exchange?.pause()
      void taken.then(() => this.#exchange?.resume())
    } else if (count.responseBytes <= maxBytes) this.#body.push(chunk)
    else this.#exchange?.abort(replyTooLarge(maxBytes))
  }

  onEnd(): void {
    const { codec, count } = this.#options
    if (this.#queue !== undefined) this.#queue.end()
    else {
      const body = this.#body.take()
      this.#resolve(new HttpReply(count.status, this.#headers as Metadata, body, none(), codec))
    }
  }

  onFailure(error: ServiceError): void {
    if (this.#queue === undefined) this.#reject(error)
    else this.#queue.fail(error)
  }

  errorOf(status: number, headers: Metadata, body: Uint8Array): ServiceError | undefined {
    const { codec, count, decodeError } = this.#options
    count.status = status
    count.responseBytes = body.length
    return decodeError?.(new HttpReply(status, headers, body, none(), codec))
  }
}
