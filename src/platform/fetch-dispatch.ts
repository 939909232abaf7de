// HTTP where there is no undici of ours: over the platform's `fetch`.
import type { ServiceError } from '../core/errors.ts'
import type { Exchange, HttpDispatch, OpenOrigin, OutgoingRequest, ReplyListener } from './exchange.ts'
import { type ExchangeOwner, FetchExchange } from './fetch-exchange.ts'
import type { CheckedRequesterOptions, RequesterOptions } from './requester-options.ts'

const notHonoured: readonly (keyof RequesterOptions)[] = [
  'maxConnections',
  'connectTimeoutMs',
  'keepAliveMs',
  'maxConnectionAgeMs',
  'tls',
  'socketPath',
]

/** Carries exchanges over `fetch`, whose connections are the platform's own. Throws a TypeError for what was given and is not to be had there. */
export class FetchDispatch implements HttpDispatch {
  readonly #options: CheckedRequesterOptions

  constructor(options: CheckedRequesterOptions) {
    const refused = notHonoured.filter((name) => options.given[name] !== undefined)
    if (refused.length > 0)
      throw new TypeError(`${refused.join(', ')} cannot be set on this platform: its fetch owns the connections`)
    this.#options = options
  }

  open(url: string): FetchOrigin {
    return new FetchOrigin(url, this.#options)
  }
}

export { FetchDispatch as PlatformDispatch }

class FetchOrigin implements OpenOrigin, ExchangeOwner {
  readonly url: string
  readonly #options: CheckedRequesterOptions
  readonly running: Set<FetchExchange> = new Set()
  #closedWith: ServiceError | undefined

  constructor(url: string, options: CheckedRequesterOptions) {
    this.url = url
    this.#options = options
  }

  send(request: OutgoingRequest, listener: ReplyListener): Exchange {
    const exchange = new FetchExchange(this.url, request, listener, this.#options, this)
    if (this.#closedWith === undefined) exchange.begin()
    else exchange.failLater(this.#closedWith)
    return exchange
  }

  async close(error: ServiceError): Promise<void> {
    this.#closedWith = error
    const ends = Array.from(this.running, (exchange) => {
      exchange.abort(error)
      return exchange.ended
    })
    await Promise.all(ends)
  }
}
