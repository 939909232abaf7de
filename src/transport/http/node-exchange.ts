// An exchange of node:http, close to its parser: bodies come without the machinery of streams where they are read whole.
import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Task, Timer } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Metadata } from '../../core/metadata.ts'
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

/** Gets the pieces of a body, null at its end. */
interface BodySink {
  push(piece: Buffer | null): void
}

/**
 * A request whose body may go straight to a sink. The parser hands each piece to `push`; a stream would copy it into its
 * buffer, and tell of it two turns later: that is a tenth of what a small request costs.
 */
export class SinkableMessage extends IncomingMessage {
  sink: BodySink | undefined = undefined

  override push(piece: Buffer | null, encoding?: BufferEncoding): boolean {
    const { sink } = this
    if (sink === undefined) return super.push(piece, encoding)
    sink.push(piece)
    return true
  }
}

/** Headers as node:http gives them. */
class NodeHeaders implements Metadata {
  readonly #headers: IncomingMessage['headers']

  constructor(headers: IncomingMessage['headers']) {
    this.#headers = headers
  }

  get(name: string): string | undefined {
    const value = this.#headers[name]
    return typeof value === 'string' || value === undefined ? value : value.join(', ')
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const [name, value] of Object.entries(this.#headers)) {
      if (value !== undefined) yield [name, typeof value === 'string' ? value : value.join(', ')]
    }
  }
}

const nothing = new Uint8Array()

/** One request of node:http and its reply. */
export class NodeExchange implements Exchange, BodySink, OpenExchange, Task {
  readonly method: string
  readonly target: string
  readonly headers: Metadata
  readonly peer: NodeConnection
  listener: ExchangeListener | undefined = undefined
  onDone: ((sent: SentReply) => void) | undefined = undefined
  readonly #request: SinkableMessage
  readonly #response: ServerResponse
  readonly #expectsContinue: boolean
  #limits: BodyLimits | undefined = undefined
  #timer: Timer | undefined = undefined
  #pieces: Buffer[] | undefined = undefined
  #first: Buffer | undefined = undefined
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
    this.headers = new NodeHeaders(request.headers)
    this.peer = connection
    this.#request = request
    this.#response = response
    this.#expectsContinue = expectsContinue
    connection.take(this)
  }

  readBody(limits: BodyLimits): void {
    const { headers } = this.#request
    const length = headers['content-length']
    if (length === undefined && headers['transfer-encoding'] === undefined) {
      this.listener?.onBody(nothing)
      return
    }
    if (Number(length) > limits.maxBytes) {
      this.listener?.onBodyFailure(tooLarge(limits.maxBytes))
      return
    }
    if (this.#expectsContinue) this.#response.writeContinue()
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
      const whole = this.#pieces === undefined ? (this.#first ?? nothing) : Buffer.concat(this.#pieces)
      this.#pieces = undefined
      this.listener?.onBody(whole)
      return
    }
    this.#requestBytes += piece.length
    if (this.#requestBytes > limits.maxBytes) this.#fail(tooLarge(limits.maxBytes))
    else if (this.#first === undefined) this.#first = piece
    else {
      this.#pieces ??= [this.#first]
      this.#pieces.push(piece)
    }
  }

  /** The body did not come in time. */
  run(): void {
    if (this.#limits !== undefined) this.#fail(tooSlow(this.#limits.timeoutMs))
  }

  async *openBody(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#expectsContinue) this.#response.writeContinue()
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

  send(status: number, headers: HeaderList, body: string | Uint8Array | undefined, close: boolean): void {
    if (this.#replied) return
    const length = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const list = close ? [...headers, 'connection', 'close'] : [...headers]
    // A body there is none of must not be announced (RFC 9110, 8.6).
    if (status !== 204 && status !== 304) list.push('content-length', String(length))
    // Throws for what cannot be sent, before anything is.
    this.#response.writeHead(status, list)
    this.#replied = true
    if (this.onDone !== undefined) this.#report(status, () => (this.method === 'HEAD' ? 0 : length))
    if (close) this.peer.close(this.#request)
    if (length === 0) this.#response.end()
    else {
      this.#response.end(body)
      this.peer.watchRest()
    }
    this.peer.release(this)
  }

  start(status: number, headers: HeaderList, close: boolean): ReplyWriter {
    const writer = new NodeWriter(this.#response, this.peer, () => this.peer.release(this))
    if (this.#replied) {
      writer.gone()
      return writer
    }
    this.#response.writeHead(status, close ? [...headers, 'connection', 'close'] : [...headers])
    this.#replied = true
    this.#writer = writer
    if (this.onDone !== undefined) this.#report(status, () => writer.bytes)
    if (close) this.peer.close(this.#request)
    // The caller learns at once that its stream has begun, however long the first message takes.
    this.#response.flushHeaders()
    return writer
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
    const response = this.#response
    response.once('close', () => {
      const { writableFinished: complete } = response
      this.onDone?.({ status, requestBytes: this.#requestBytes, responseBytes: bytes(), complete })
    })
  }

  #fail(failure: BodyFailure): void {
    this.#stopReading()
    this.#first = undefined
    this.#pieces = undefined
    this.listener?.onBodyFailure(failure)
  }

  #stopReading(): void {
    this.#limits = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
