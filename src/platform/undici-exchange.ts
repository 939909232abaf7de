// One exchange over undici: the handler that undici calls, and the only object that a request costs here.
import type { Dispatcher } from 'undici'
import type { Task, Timer } from '../core/clock.ts'
import { ServiceError } from '../core/errors.ts'
import { isAsyncIterable } from '../core/streams.ts'
import type { OutgoingRequest, ReplyListener } from './exchange.ts'
import { OutgoingBody } from './outgoing-body.ts'
import { type HeaderRecord, ReplyHeaders } from './reply-headers.ts'
import { headersTimeout, type RequestStage, requestFailure } from './request-failure.ts'
import type { CheckedRequesterOptions } from './requester-options.ts'
import type { Carried, UndiciConnection } from './undici-connection.ts'

// Thrown at undici in place of `abort`, which would cost the connection that nothing was written to.
const calledOff = new Error('the request was called off before it was written')

/** Whose connections an exchange uses. */
export interface ConnectionLender {
  /** As people know the origin. */
  readonly label: string
  readonly options: CheckedRequesterOptions
  timer(delayMs: number, task: Task): Timer
  /** Takes back what has no connection yet. */
  forget(exchange: UndiciExchange): void
  /** What the connection carried is over, or was never written to it: it can carry the next one. */
  release(connection: UndiciConnection): void
  /** The connection is good for nothing any more. */
  drop(connection: UndiciConnection): void
}

/** Tells its listener one end, whatever undici calls, and gives its connection back once. */
export class UndiciExchange implements Carried, Task {
  connection: UndiciConnection | undefined
  readonly #origin: ConnectionLender
  readonly #request: OutgoingRequest
  readonly #listener: ReplyListener
  readonly #timer: Timer | undefined
  #controller: Dispatcher.DispatchController | undefined
  #body: OutgoingBody | undefined
  #stage: RequestStage
  #paused: boolean
  #over: boolean

  constructor(origin: ConnectionLender, request: OutgoingRequest, listener: ReplyListener) {
    this.connection = undefined
    this.#origin = origin
    this.#request = request
    this.#listener = listener
    this.#controller = undefined
    this.#body = undefined
    this.#stage = 'unsent'
    this.#paused = false
    this.#over = false
    const timeoutMs = request.headersTimeoutMs ?? origin.options.headersTimeoutMs
    this.#timer = timeoutMs === Infinity ? undefined : origin.timer(timeoutMs, this)
  }

  get isBackground(): boolean {
    return this.#request.background === true
  }

  // Undici has our names for all of it, so no object is made unless the body is a stream.
  get sendable(): Dispatcher.DispatchOptions {
    const { body } = this.#request
    if (!isAsyncIterable(body)) return this.#request as Dispatcher.DispatchOptions
    this.#body = new OutgoingBody(body)
    const { method, path, headers } = this.#request
    return { method, path, headers: headers as string[], body: this.#body as never }
  }

  abort(reason?: unknown): void {
    if (!this.#over) this.#give(ServiceError.fromAbort(reason))
  }

  pause(): void {
    this.#paused = true
    this.#controller?.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    // Not at once: this may be called while undici's parser, of which there is one for all, is at work.
    queueMicrotask(() => {
      if (!this.#paused) this.#controller?.resume()
    })
  }

  /** The headers did not come in time. */
  run(): void {
    const timeoutMs = this.#request.headersTimeoutMs ?? this.#origin.options.headersTimeoutMs
    if (!this.#over) this.#give(headersTimeout(this.#origin.label, timeoutMs, this.#reached()))
  }

  /** Fails it after `send` has returned. */
  failLater(error: ServiceError): void {
    queueMicrotask(() => this.abort(error))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) throw calledOff
    this.#controller = controller
    if (this.#body === undefined) this.#stage = 'sent'
    if (this.#paused) controller.pause()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: HeaderRecord): void {
    if (status < 200) return
    this.#stage = 'replying'
    this.#timer?.cancel()
    this.#listener.onHead(status, new ReplyHeaders(headers), this)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    // Resumed within a chunk of which nothing more is here, undici's parser tells of no bytes: whoever paused for that would be told so again, for ever.
    if (chunk.byteLength > 0) this.#listener.onData(chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: HeaderRecord): void {
    if (this.#over) return
    const fault = this.connection?.fault
    if (fault !== undefined) {
      // Undici takes a reset for the end of a reply that says nothing of its length.
      this.onResponseError(controller, fault)
      return
    }
    this.#finish()
    const { connection } = this
    this.connection = undefined
    if (connection !== undefined) this.#origin.release(connection)
    try {
      this.#listener.onEnd(controller.rawTrailers?.length ? new ReplyHeaders(trailers) : undefined)
    } catch (thrown) {
      surface(thrown)
    }
  }

  /** `controller` is null for what undici refuses at once, without using the connection. */
  onResponseError(controller: Dispatcher.DispatchController | null, error: unknown): void {
    const { connection } = this
    this.connection = undefined
    if (connection !== undefined) {
      if (controller === null) this.#origin.release(connection)
      else this.#origin.drop(connection)
    }
    if (this.#over) return
    const failure = this.#body?.failure ?? error
    const told = requestFailure(this.#origin.label, failure, this.#reached())
    if (controller === null) this.failLater(told)
    else this.#fail(told)
  }

  #reached(): RequestStage {
    return this.#stage === 'unsent' && this.#body?.begun === true ? 'sent' : this.#stage
  }

  /** Ends it from this side. */
  #give(error: ServiceError): void {
    this.#finish()
    const { connection } = this
    this.connection = undefined
    if (this.#controller !== undefined) {
      this.#controller.abort(error)
      if (connection !== undefined) this.#origin.drop(connection)
    } else if (connection !== undefined) this.#origin.release(connection)
    else this.#origin.forget(this)
    this.#tell(error)
  }

  #fail(error: ServiceError): void {
    this.#finish()
    this.#tell(error)
  }

  #finish(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#body?.stop()
  }

  #tell(error: ServiceError): void {
    try {
      this.#listener.onFailure(error)
    } catch (thrown) {
      surface(thrown)
    }
  }
}

/** Undici would swallow it. */
function surface(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown
  })
}
