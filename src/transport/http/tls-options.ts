// Who a server is and whom it trusts, in the words of node:tls; apart, so that it is checked before anything listens.
import { createSecureContext, type TlsOptions } from 'node:tls'

/** How a server proves who it is, and whether it asks the same of its callers. */
export interface HttpTlsOptions {
  /** Private key, PEM. */
  readonly key: string | Uint8Array
  /** Certificate chain, PEM. */
  readonly cert: string | Uint8Array
  /** Certificates that sign those of callers, PEM. @default those of Node */
  readonly ca?: string | Uint8Array | undefined
  /** Whether callers must show a certificate that `ca` signed; handlers find it with `clientCertificate`. @default false */
  readonly requestCertificate?: boolean | undefined
}

/** Throws a TypeError for what belongs together and does not fit. */
export function checkTls(tls: HttpTlsOptions): void {
  if (tls?.key === undefined || tls.cert === undefined) throw new TypeError('tls must have a key and a cert, in PEM')
  if (tls.ca !== undefined && !tls.requestCertificate)
    throw new TypeError('tls.ca is for the certificates of callers: it needs tls.requestCertificate')
  try {
    createSecureContext(tlsOptions(tls))
  } catch (thrown) {
    throw new TypeError('tls: key, cert and ca must be PEM, and key and cert belong together', { cause: thrown })
  }
}

/** The same for Node. */
export function tlsOptions({ key, cert, ca, requestCertificate = false }: HttpTlsOptions): TlsOptions {
  return {
    key: key as string | Buffer,
    cert: cert as string | Buffer,
    ...(ca !== undefined && { ca: ca as string | Buffer }),
    requestCert: requestCertificate,
    rejectUnauthorized: requestCertificate,
  }
}
