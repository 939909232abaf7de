// An exchange of a runtime that serves HTTP by the Fetch standard: a Request in, a Response out.
import { ServiceError } from '../../core/errors.ts'
import type { MessageSizes } from '../../core/message-sizes.ts'
import type { Metadata } from '../../core/metadata.ts'
import { ByteCollector } from '../../primitives/byte-collector.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import {
  type BodyFailure,
  type BodyLimits,
  type Exchange,
  type ExchangeListener,
  type ExchangePeer,
  type HeaderList,
  type ReplyWriter,
  type SentReply,
  tooLarge,
  tooSlow,
} from './exchange.ts'
import { FetchWriter } from './fetch-writer.ts'
import { problemOf, problemType } from './problem.ts'

// A body with one of these would be refused by the Response itself (Fetch, 2.2.6).
const bodiless: readonly number[] = [204, 205, 304]

const nothing = new Uint8Array()

/** One Request and its Response. It is in `open` until nothing more happens. */
export class FetchExchange implements Exchange {
  readonly method: string
  readonly target: string
  readonly headers: Metadata
  readonly peer: ExchangePeer
  listener: ExchangeListener | undefined = undefined
  onDone: ((sent: SentReply) => void) | undefined = undefined
  /** Resolves with the reply; never rejects. */
  readonly response: Promise<Response>
  readonly #request: Request
  readonly #open: Set<FetchExchange>
  readonly #resolve: (response: Response) => void
  readonly #ended = Promise.withResolvers<void>()
  #body: BodyReader | undefined = undefined
  #writer: FetchWriter | undefined = undefined
  #requestBytes = 0
  #replied = false
  #over = false

  /** Throws `internal` for a request whose body somebody else has begun to read. */
  constructor(request: Request, address: string, open: Set<FetchExchange>) {
    const { url, signal } = request
    if (request.bodyUsed || request.body?.locked)
      throw new ServiceError('internal', 'the body was read before the server got the request: give it a clone')
    const { promise, resolve } = Promise.withResolvers<Response>()
    this.method = request.method
    this.target = targetOf(url)
    this.headers = request.headers
    this.peer = { address, secure: url.startsWith('https:'), certificate: undefined }
    this.response = promise
    this.#request = request
    this.#open = open
    this.#resolve = resolve
    open.add(this)
    if (signal.aborted) this.#gone()
    else signal.addEventListener('abort', () => this.#gone(), { once: true })
  }

  /** Resolves when nothing more happens. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  readBody(limits: BodyLimits): void {
    const { body } = this.#request
    const length = this.headers.get('content-length')
    if (this.#over) return
    if (body === null) this.listener?.onBody(nothing)
    else if (length && Number(length) > limits.maxBytes) {
      this.listener?.onBodyFailure(tooLarge(limits.maxBytes))
      body.cancel().catch(() => {})
    } else {
      this.#body = new BodyReader(body, (bytes) => {
        this.#requestBytes += bytes
      })
      void this.#readAll(this.#body, limits)
    }
  }

  openBody(): AsyncIterable<Uint8Array> {
    const { body } = this.#request
    if (body === null) return (async function* () {})()
    this.#body = new BodyReader(body, (bytes) => {
      this.#requestBytes += bytes
    })
    if (this.#over) this.#body.cutOff()
    return this.#body
  }

  send(
    status: number,
    headers: HeaderList,
    body: string | Uint8Array | undefined,
    _close: boolean,
    sizes?: MessageSizes | undefined,
  ): void {
    if (this.#replied) return
    const has = body !== undefined && body.length > 0 && !bodiless.includes(status)
    const counts = this.onDone !== undefined || sizes !== undefined || this.method === 'HEAD'
    const length = has && counts ? byteLength(body) : 0
    const pairs = pairsOf(headers)
    // Whoever asks for the head alone learns what would have come with it (RFC 9110, 9.3.2).
    if (has && this.method === 'HEAD') pairs.push(['content-length', String(length)])
    const sent = has && this.method !== 'HEAD' ? body : null
    // Made before anything is noted: it throws for headers that cannot be sent, and then an error can still be.
    const response = new Response(sent as BodyInit | null, { status, headers: pairs })
    this.#reply(response)
    const sentBytes = sent === null ? 0 : length
    sizes?.sent(sentBytes)
    this.#end(status, sentBytes, true)
  }

  start(status: number, headers: HeaderList, _close: boolean): ReplyWriter {
    const isRead = !this.#replied && this.method !== 'HEAD' && !bodiless.includes(status)
    const writer = new FetchWriter((complete) => {
      if (!isRead) return
      if (!complete) this.listener?.onGone()
      this.#end(status, writer.bytes, complete)
    })
    if (isRead) this.#writer = writer
    // Whatever is written is refused, so that its source is closed.
    else writer.destroy()
    if (this.#replied) return writer
    this.#reply(new Response(isRead ? writer.stream : null, { status, headers: pairsOf(headers) }))
    if (!isRead) this.#end(status, 0, true)
    return writer
  }

  /** The caller is no longer waited for. */
  cutOff(): void {
    if (this.#writer !== undefined && !this.#over) this.#writer.destroy()
    else this.#gone()
  }

  #gone(): void {
    if (this.#over) return
    if (this.#writer !== undefined) this.#writer.gone()
    else {
      this.#replied = true
      // Nobody may read it, but the runtime waits for it.
      const { status, text } = problemOf(new ServiceError('canceled', 'the caller has gone'))
      this.#resolve(new Response(text, { status, headers: { 'content-type': problemType } }))
      this.listener?.onGone()
      this.#end(0, 0, false)
    }
    this.#body?.cutOff()
  }

  async #readAll(body: BodyReader, { maxBytes, timeoutMs, clock }: BodyLimits): Promise<void> {
    const collected = new ByteCollector()
    let failed = false
    const fail = (failure: BodyFailure) => {
      failed = true
      this.listener?.onBodyFailure(failure)
      void body.return()
    }
    const timer = clock.schedule(timeoutMs, () => fail(tooSlow(timeoutMs)))
    try {
      for await (const piece of body) {
        if (failed) return
        if (this.#requestBytes > maxBytes) fail(tooLarge(maxBytes))
        else collected.push(piece)
      }
    } catch {
      if (!failed) this.#gone()
    } finally {
      timer.cancel()
    }
    if (failed || this.#over) return
    try {
      this.listener?.onBody(collected.take())
    } catch (thrown) {
      const { status, text } = problemOf(ServiceError.from(thrown))
      this.send(status, ['content-type', problemType], text, false)
    }
  }

  #reply(response: Response): void {
    this.#replied = true
    this.#resolve(response)
  }

  #end(status: number, responseBytes: number, complete: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#open.delete(this)
    this.#ended.resolve()
    this.onDone?.({ status, requestBytes: this.#requestBytes, responseBytes, complete })
  }
}

/** Reads a body as it comes. Unlike an async generator it can be closed while it waits for the next piece. */
class BodyReader implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #onPiece: (bytes: number) => void
  #isCutOff = false

  constructor(body: ReadableStream<Uint8Array>, onPiece: (bytes: number) => void) {
    this.#reader = body.getReader()
    this.#onPiece = onPiece
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const { done, value } = await this.#reader.read().catch((cause) => {
      throw gone(cause)
    })
    if (this.#isCutOff) throw gone()
    if (done) return { done: true, value: undefined }
    if (!ArrayBuffer.isView(value)) throw new ServiceError('invalid_argument', 'the body must be made of bytes')
    this.#onPiece(value.length)
    return { done: false, value }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#reader.cancel().catch(() => {})
    return { done: true, value: undefined }
  }

  /** What was read so far is not all, even where the runtime lets the body end when its caller has gone. */
  cutOff(): void {
    this.#isCutOff = true
    void this.return()
  }
}

function gone(cause?: unknown): ServiceError {
  return new ServiceError('canceled', 'the caller has gone', { cause })
}

/** Path and query, as they stand in the URL of a Request: parsing it again would tell nothing new. */
function targetOf(url: string): string {
  const scheme = url.indexOf('://')
  const path = scheme < 0 ? 0 : url.indexOf('/', scheme + 3)
  return path < 0 ? '/' : url.slice(path)
}

function pairsOf(headers: HeaderList): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i] as string, headers[i + 1] as string])
  return pairs
}
