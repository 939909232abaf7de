// An exchange of node:http, close to its parser: bodies come without the machinery of streams where they are read whole.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Task, Timer } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import type { MessageSizes } from '../../core/message-sizes.ts'
import type { Metadata } from '../../core/metadata.ts'
import { ByteCollector } from '../../primitives/byte-collector.ts'
import {
  type BodyFailure,
  type BodyLimits,
  type Exchange,
  type ExchangeListener,
  type HeaderList,
  type ReplyWriter,
  type SentReply,
  tooLarge,
  tooSlow,
} from './exchange.ts'
import type { NodeConnection, OpenExchange } from './node-connection.ts'
import { NodeWriter } from './node-writer.ts'
import type { BodySink, SinkableMessage } from './sinkable-message.ts'

/** Headers as node:http gives them. */
class NodeHeaders implements Metadata {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  get(name: string): string | undefined {
    const { headers } = this.#request
    // What every object has is none of what was sent.
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    return typeof value === 'string' || value === undefined ? value : value.join(', ')
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of Object.keys(this.#request.headers)) yield [name, this.get(name) ?? '']
  }
}

const nothing = new Uint8Array()

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/** One request of node:http and its reply. */
export class NodeExchange implements Exchange, BodySink, OpenExchange, Task {
  readonly method: string
  readonly target: string
  readonly headers: Metadata
  readonly peer: NodeConnection
  listener: ExchangeListener | undefined = undefined
  onDone: ((sent: SentReply) => void) | undefined = undefined
  readonly #request: SinkableMessage
  readonly response: ServerResponse
  readonly #expectsContinue: boolean
  #limits: BodyLimits | undefined = undefined
  #timer: Timer | undefined = undefined
  readonly #body = new ByteCollector()
  #requestBytes = 0
  #writer: NodeWriter | undefined = undefined
  #replied = false

  constructor(
    request: SinkableMessage,
    response: ServerResponse,
    connection: NodeConnection,
    expectsContinue: boolean,
  ) {
    this.method = request.method ?? ''
    this.target = request.url ?? ''
    this.headers = new NodeHeaders(request)
    this.peer = connection
    this.#request = request
    this.response = response
    this.#expectsContinue = expectsContinue
    connection.take(this)
  }

  readBody(limits: BodyLimits): void {
    if (!hasBody(this.#request)) {
      this.listener?.onBody(nothing)
      return
    }
    if (Number(this.#request.headers['content-length']) > limits.maxBytes) {
      this.listener?.onBodyFailure(tooLarge(limits.maxBytes))
      return
    }
    if (this.#expectsContinue) this.response.writeContinue()
    this.#limits = limits
    this.#request.sink = this
    this.#timer = limits.clock.scheduleAt(limits.clock.now() + limits.timeoutMs, this)
  }

  /** A piece of the body that is read whole. */
  push(piece: Buffer | null): void {
    const limits = this.#limits
    if (limits === undefined) return
    if (piece === null) {
      this.#stopReading()
      this.listener?.onBody(this.#body.take())
      return
    }
    this.#requestBytes += piece.length
    if (this.#requestBytes > limits.maxBytes) this.fail(tooLarge(limits.maxBytes))
    else this.#body.push(piece)
  }

  /** The body did not come in time. */
  run(): void {
    if (this.#limits !== undefined) this.fail(tooSlow(this.#limits.timeoutMs))
  }

  async *openBody(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#expectsContinue) this.response.writeContinue()
    try {
      // Not destroyed with the reading of it: the reply still goes over the same connection.
      for await (const piece of this.#request.iterator({ destroyOnReturn: false })) {
        this.#requestBytes += piece.length
        yield piece
      }
    } catch (thrown) {
      throw new ServiceError('canceled', 'the caller has gone', { cause: thrown })
    }
  }

  send(
    status: number,
    headers: HeaderList,
    body: string | Uint8Array | undefined,
    close: boolean,
    sizes?: MessageSizes | undefined,
  ): void {
    if (this.#replied) return
    const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const list = [...headers]
    const isBodiless = status === 204 || status === 304
    // A body there is none of must not be announced (RFC 9110, 8.6).
    if (!isBodiless) list.push('content-length', String(length))
    this.#begin(status, list, close)
    this.#discardRest()
    const sentBytes = isBodiless || this.method === 'HEAD' ? 0 : length
    if (this.onDone !== undefined) this.#report(status, () => sentBytes)
    if (length === 0) this.response.end()
    else {
      this.response.end(body)
      this.peer.watchRest(this.response)
    }
    sizes?.sent(sentBytes)
    if (this.peer.closing) this.peer.releaseSilently(this)
    else this.peer.release(this)
  }

  start(status: number, headers: HeaderList, close: boolean): ReplyWriter {
    const writer = new NodeWriter(this.response, this.peer, () => {
      this.#discardRest()
      this.peer.releaseSilently(this)
    })
    if (this.#replied) {
      writer.gone()
      return writer
    }
    this.#begin(status, [...headers], close)
    this.#writer = writer
    if (this.onDone !== undefined) this.#report(status, () => writer.bytes)
    // Who asks for the head alone, or is told that there is no body, gets no stream: it might never end. What is written is refused, so that its source is closed.
    if (this.method === 'HEAD' || status === 204 || status === 304) writer.end([])
    // The caller learns at once that its stream has begun, however long the next message takes.
    else this.response.flushHeaders()
    return writer
  }

  /** Throws for what cannot be sent, before anything is. */
  #begin(status: number, headers: string[], close: boolean): void {
    const isLast = close || this.peer.closing
    const says = isLast && this.peer.isNewest(this)
    if (says) headers.push('connection', 'close')
    this.response.writeHead(status, headers)
    this.#replied = true
    if (says) this.peer.close(this.#request)
    // Said here it would cut off the replies behind it.
    else if (isLast) this.peer.closing = true
  }

  /** Nobody waits for what is still to come of the request. */
  #discardRest(): void {
    const request = this.#request
    if (!request.complete && hasBody(request) && !this.peer.closing) this.peer.discardRest(request)
  }

  get complete(): boolean {
    return this.#request.complete
  }

  fail(failure: BodyFailure): void {
    this.#stopReading()
    this.#body.take()
    if (this.#replied) this.#writer?.destroy()
    else this.listener?.onBodyFailure(failure)
  }

  /** The connection has closed. */
  gone(): void {
    this.peer.release(this)
    this.#stopReading()
    this.#writer?.gone()
    if (!this.#replied) {
      this.#replied = true
      this.onDone?.({ status: 0, requestBytes: this.#requestBytes, responseBytes: 0, complete: false })
    }
    this.listener?.onGone()
  }

  #report(status: number, bytes: () => number): void {
    const response = this.response
    response.once('close', () => {
      const { writableFinished: complete } = response
      this.onDone?.({ status, requestBytes: this.#requestBytes, responseBytes: bytes(), complete })
    })
  }

  #stopReading(): void {
    this.#limits = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
