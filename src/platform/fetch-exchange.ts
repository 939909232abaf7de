// One exchange over `fetch`: its promises and its stream, told as callbacks.
import type { Task, Timer } from '../core/clock.ts'
import { ServiceError } from '../core/errors.ts'
import { isAsyncIterable } from '../core/streams.ts'
import type { Exchange, OutgoingRequest, ReplyListener } from './exchange.ts'
import { OutgoingBody } from './outgoing-body.ts'
import { headersTimeout, type RequestStage, requestFailure } from './request-failure.ts'
import type { CheckedRequesterOptions } from './requester-options.ts'

/** Who keeps exchanges until they are over. */
export interface ExchangeOwner {
  readonly running: Set<FetchExchange>
}

/** Tells its listener one end, whatever `fetch` does. Its owner has it from `begin` on until then. */
export class FetchExchange implements Exchange, Task {
  /** Resolves when the platform, too, is done with it. */
  ended: Promise<void> | undefined
  readonly #origin: string
  readonly #request: OutgoingRequest
  readonly #listener: ReplyListener
  readonly #owner: ExchangeOwner
  readonly #controller = new AbortController()
  readonly #timer: Timer | undefined
  readonly #timeoutMs: number
  #body: OutgoingBody | undefined
  // `fetch` does not say when it writes.
  #stage: RequestStage = 'sent'
  #over = false
  #paused: PromiseWithResolvers<void> | undefined

  constructor(
    origin: string,
    request: OutgoingRequest,
    listener: ReplyListener,
    { clock, headersTimeoutMs }: CheckedRequesterOptions,
    owner: ExchangeOwner,
  ) {
    this.#origin = origin
    this.#request = request
    this.#listener = listener
    this.#owner = owner
    this.#timeoutMs = request.headersTimeoutMs ?? headersTimeoutMs
    this.#timer = this.#timeoutMs === Infinity ? undefined : clock.scheduleAt(clock.now() + this.#timeoutMs, this)
  }

  begin(): void {
    this.#owner.running.add(this)
    this.ended = this.#exchange().catch((thrown: unknown) => {
      // Also when it was not the platform but whoever hears of the reply.
      this.#controller.abort(thrown)
      const failure = this.#body?.failure ?? thrown
      this.#fail(requestFailure(this.#origin, failure, this.#stage))
    })
  }

  abort(reason?: unknown): void {
    if (!this.#over) this.#give(ServiceError.fromAbort(reason))
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers()
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = undefined
  }

  /** The headers did not come in time. */
  run(): void {
    if (!this.#over) this.#give(headersTimeout(this.#origin, this.#timeoutMs, this.#stage))
  }

  /** Fails it after `send` has returned. */
  failLater(error: ServiceError): void {
    queueMicrotask(() => this.abort(error))
  }

  async #exchange(): Promise<void> {
    // What is wrong with a request is told as what goes wrong later: after `send` has returned.
    await undefined
    const reply = await fetch(this.#origin + this.#request.path, this.#init())
    if (this.#over) return
    this.#stage = 'replying'
    this.#timer?.cancel()
    this.#listener.onHead(reply.status, reply.headers, this)
    const reader = reply.body?.getReader()
    if (reader !== undefined) await this.#read(reader)
    if (this.#over) return
    this.#finish()
    this.#listener.onEnd(undefined)
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      while (this.#paused !== undefined && !this.#over) await this.#paused.promise
      if (this.#over) {
        // The signal alone does not reach a body that nobody is reading.
        await reader.cancel()
        return
      }
      const { done, value } = await reader.read()
      if (done) return
      if (!this.#over) this.#listener.onData(value)
    }
  }

  #init(): RequestInit {
    const { method, headers, body } = this.#request
    const init: RequestInit & { duplex?: 'half' } = {
      method,
      headers: pairs(headers),
      redirect: 'manual',
      signal: this.#controller.signal,
    }
    if (isAsyncIterable(body)) {
      this.#body = new OutgoingBody(body)
      init.body = streamOf(this.#body)
      init.duplex = 'half'
    } else if (body !== undefined) init.body = body as BodyInit
    return init
  }

  #give(error: ServiceError): void {
    this.#controller.abort(error)
    this.#fail(error)
  }

  #fail(error: ServiceError): void {
    if (this.#over) return
    this.#finish()
    try {
      this.#listener.onFailure(error)
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown
      })
    }
  }

  #finish(): void {
    this.#over = true
    this.#owner.running.delete(this)
    this.#timer?.cancel()
    this.#body?.stop()
    this.resume()
  }
}

/** Asks for the body as it is: `fetch` would ask for a compressed one, and undo that. */
function pairs(headers: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  let asks = false
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = String(headers[i])
    asks ||= name.toLowerCase() === 'accept-encoding'
    list.push([name, String(headers[i + 1])])
  }
  return asks ? list : [...list, ['accept-encoding', 'identity']]
}

function streamOf(body: OutgoingBody): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(stream) {
      const { done, value } = await body.next()
      if (done) stream.close()
      else stream.enqueue(value)
    },
    cancel: () => body.stop(),
  })
}
