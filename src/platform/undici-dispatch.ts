// HTTP on Node: undici's clients, in pools of our own.
import { createSecureContext, type SecureContext } from 'node:tls'
import type { HttpDispatch } from './exchange.ts'
import type { CheckedRequesterOptions } from './requester-options.ts'
import { secureContext } from './secure-context.ts'
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
