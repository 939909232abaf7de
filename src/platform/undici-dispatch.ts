// HTTP on Node: undici's clients, in pools of our own.
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { HttpDispatch } from './exchange.ts'
import type { CheckedRequesterOptions, RequesterTls } from './requester-options.ts'
import { UndiciOrigin } from './undici-origin.ts'

/** Carries exchanges over connections of HTTP/1.1, one at a time on each. Throws a TypeError for certificates and keys that cannot be read. */
export class UndiciDispatch implements HttpDispatch {
  readonly #options: CheckedRequesterOptions
  #context: SecureContext | undefined

  constructor(options: CheckedRequesterOptions) {
    this.#options = options
    // The runtime's own authorities wait for the first origin with https.
    if (options.tls !== undefined) this.#context = secureContext(options.tls)
  }

  /** Shared by all connections. */
  get context(): SecureContext {
    this.#context ??= createSecureContext()
    return this.#context
  }

  open(url: string): UndiciOrigin {
    return new UndiciOrigin(url, this.#options, this)
  }
}

export { UndiciDispatch as PlatformDispatch }

function secureContext({ ca, cert, key }: RequesterTls): SecureContext {
  try {
    return createSecureContext({ ca, cert, key } as SecureContextOptions)
  } catch (cause) {
    throw new TypeError('tls.ca, tls.cert and tls.key must be PEM that belongs together', { cause })
  }
}
