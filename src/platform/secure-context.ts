// Certificates and keys as node:tls wants them, read where they are given and not at the first connection.
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { RequesterTls } from './requester-options.ts'

/** Reads certificates and keys. Throws a TypeError for what is no PEM or does not belong together. */
export function secureContext({ ca, cert, key }: RequesterTls): SecureContext {
  try {
    return createSecureContext({ ca, cert, key } as SecureContextOptions)
  } catch (cause) {
    throw new TypeError('tls.ca, tls.cert and tls.key must be PEM that belongs together', { cause })
  }
}
