// A listener for the tests of HTTP clients: keeps all that it hears, and lets a test wait for it.
import type { ServiceError } from '../../src/core/errors.ts'
import type { Metadata } from '../../src/core/metadata.ts'
import type { Exchange, ReplyListener } from '../../src/platform/exchange.ts'

/** What was heard of one reply. */
export class Heard implements ReplyListener {
  status = 0
  headers: Metadata | undefined
  trailers: Metadata | undefined
  bytes = 0
  text = ''
  /** How often an end was told. */
  ends = 0
  readonly #head = Promise.withResolvers<void>()
  readonly #end = Promise.withResolvers<ServiceError | undefined>()
  readonly #decoder = new TextDecoder()

  /** The headers are here; rejects when there will be none. */
  get head(): Promise<void> {
    return this.#head.promise
  }

  /** Resolves with the error, or with undefined when the reply is whole. */
  get end(): Promise<ServiceError | undefined> {
    return this.#end.promise
  }

  onHead(status: number, headers: Metadata, _exchange?: Exchange): void {
    this.status = status
    this.headers = headers
    this.#head.resolve()
  }

  onData(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength
    this.text += this.#decoder.decode(chunk, { stream: true })
  }

  onEnd(trailers?: Metadata): void {
    this.trailers = trailers
    this.ends++
    this.#end.resolve(undefined)
  }

  onFailure(error: ServiceError): void {
    this.ends++
    this.#end.resolve(error)
    this.#head.promise.catch(() => {})
    this.#head.reject(error)
  }
}
