// What a client makes of a good reply: one message, or a stream of them.
import { ServiceError } from '../../core/errors.ts'
import type { MessageSizes } from '../../core/message-sizes.ts'
import type { Metadata } from '../../core/metadata.ts'
import type { Exchange } from '../../platform/exchange.ts'
import { LineReader } from '../../platform/line-reader.ts'
import { AsyncQueue } from '../../primitives/async-queue.ts'
import { ByteCollector } from '../../primitives/byte-collector.ts'
import type { Codec } from '../codec.ts'
import { errorOfProblem } from './problem.ts'
import { failureMark } from './reply-stream.ts'

/** What takes the body of a good reply. */
export interface ReplyTaker {
  /** The headers are there. Throws a ServiceError to fail the call. */
  onHead(status: number, headers: Metadata, exchange: Exchange): void
  onData(chunk: Uint8Array): void
  onEnd(): void
  onFailure(error: ServiceError): void
  /** Called before anything comes, for a body of several messages: each is told of. @default it is one, of which the call tells */
  watch?(sizes: MessageSizes): void
  /** What a reply with another status than 200 to 299 means. @default what a problem document, or the status, says */
  errorOf?(status: number, headers: Metadata, body: Uint8Array): ServiceError | undefined
}

// As much of what could not be read is shown to whoever looks for the fault.
const shownBytes = 1_000

type Settle = (value: unknown) => void

/** Takes a reply that is one message. */
export class MessageTaker implements ReplyTaker {
  readonly #codec: Codec
  readonly #maxBytes: number
  readonly #resolve: Settle
  readonly #reject: Settle
  #exchange: Exchange | undefined = undefined
  #status = 0
  #headers: Metadata | undefined = undefined
  readonly #body = new ByteCollector()

  constructor(codec: Codec, maxBytes: number, resolve: Settle, reject: Settle) {
    this.#codec = codec
    this.#maxBytes = maxBytes
    this.#resolve = resolve
    this.#reject = reject
  }

  onHead(status: number, headers: Metadata, exchange: Exchange): void {
    this.#exchange = exchange
    this.#status = status
    this.#headers = headers
  }

  onData(chunk: Uint8Array): void {
    this.#body.push(chunk)
    if (this.#body.length > this.#maxBytes) this.#exchange?.abort(replyTooLarge(this.#maxBytes))
  }

  onEnd(): void {
    const bytes = this.#body.take()
    if (bytes.length === 0) {
      this.#resolve(undefined)
      return
    }
    try {
      this.#resolve(this.#codec.decode(bytes))
    } catch (thrown) {
      const text = new TextDecoder().decode(bytes.subarray(0, shownBytes))
      this.#reject(unreadable(thrown, { status: this.#status, type: this.#headers?.get('content-type') ?? '', text }))
    }
  }

  onFailure(error: ServiceError): void {
    this.#reject(error)
  }
}

/** How many messages may wait for their reader before no more are read from the connection. */
const windowMessages = 64

const mark = failureMark.charCodeAt(0)

/** Takes a reply that is a stream of messages, one a line. */
export class StreamTaker implements ReplyTaker {
  readonly #codec: Codec
  readonly #maxBytes: number
  readonly #lines: LineReader
  readonly #resolve: Settle
  readonly #reject: Settle
  #exchange: Exchange | undefined = undefined
  #queue: AsyncQueue<unknown> | undefined = undefined
  #sizes: MessageSizes | undefined = undefined

  constructor(codec: Codec, maxBytes: number, resolve: Settle, reject: Settle) {
    this.#codec = codec
    this.#maxBytes = maxBytes
    this.#lines = new LineReader(maxBytes)
    this.#resolve = resolve
    this.#reject = reject
  }

  watch(sizes: MessageSizes): void {
    this.#sizes = sizes
  }

  onHead(_status: number, _headers: Metadata, exchange: Exchange): void {
    this.#exchange = exchange
    this.#queue = new AsyncQueue<unknown>({ capacity: windowMessages, onReturn: () => exchange.abort() })
    this.#resolve(this.#queue)
  }

  onData(chunk: Uint8Array): void {
    let lines: Uint8Array[]
    try {
      lines = this.#lines.push(chunk)
    } catch {
      this.#exchange?.abort(replyTooLarge(this.#maxBytes))
      return
    }
    let taken: boolean | Promise<boolean> = true
    for (const line of lines) taken = this.#pass(line)
    if (taken === true || taken === false) return
    this.#exchange?.pause()
    void taken.then(() => this.#exchange?.resume())
  }

  onEnd(): void {
    const rest = this.#lines.rest()
    if (rest.length > 0) this.#pass(rest)
    this.#queue?.end()
  }

  onFailure(error: ServiceError): void {
    if (this.#queue === undefined) this.#reject(error)
    else this.#queue.fail(error)
  }

  #pass(line: Uint8Array): boolean | Promise<boolean> {
    const failed = line[0] === mark
    const bytes = failed ? line.subarray(1) : line
    this.#sizes?.received(bytes.length)
    let message: unknown
    try {
      message = this.#codec.decode(bytes)
    } catch (thrown) {
      // Here and not by the abort alone: the exchange may be over, and would have nothing to tell.
      this.#queue?.fail(unreadable(thrown))
      this.#exchange?.abort()
      return false
    }
    if (!failed) return (this.#queue as AsyncQueue<unknown>).push(message)
    this.#queue?.fail(errorOfProblem(message) ?? new ServiceError('unknown', 'the stream failed'))
    // Nothing follows a mark but the end, which mostly came with it. A server that goes on must not keep the connection.
    queueMicrotask(() => this.#exchange?.abort())
    return false
  }
}

/** What the caller is told of a reply, or of a message of a stream, that is larger than it takes. */
export function replyTooLarge(maxBytes: number): ServiceError {
  return new ServiceError('internal', `the reply is larger than ${maxBytes} bytes`)
}

function unreadable(thrown: unknown, details?: unknown): ServiceError {
  return new ServiceError('internal', 'the reply could not be read', { cause: thrown, details })
}
