// The one table of what the errors of the platforms mean: connections, names, TLS, and replies that are none.
import { formatDuration } from '../core/duration.ts'
import { ServiceError, unsharedError } from '../core/errors.ts'

/** How far a request had come when it failed. */
export type RequestStage =
  /** Nothing of it was written. */
  | 'unsent'
  /** It may have been written, and so it may have run. */
  | 'sent'
  /** The headers of the reply are here. */
  | 'replying'

/** A connection was not made in time. Its code is the one that undici has for this. */
export class ConnectTimeout extends Error {
  readonly code = 'UND_ERR_CONNECT_TIMEOUT'

  constructor(timeoutMs: number) {
    super(`it took longer than ${formatDuration(timeoutMs)}`)
  }
}

// Where the table says `unavailable`, and by which code of the platform.
const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ConnectionRefused: 'connection refused',
  ENOTFOUND: 'the name is not known (ENOTFOUND): check the host name',
  EAI_AGAIN: 'the name server does not answer (EAI_AGAIN)',
  UND_ERR_CONNECT_TIMEOUT: 'it took too long',
}
const notReached: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  EADDRNOTAVAIL: 'no local port is free',
  ETIMEDOUT: 'it took too long',
  ECONNRESET: 'the other side closed the connection before it was ready',
  ENOENT: 'there is no such socket (ENOENT)',
  EACCES: 'permission denied (EACCES)',
  EMFILE: 'the process has too many open files (EMFILE)',
}

const trust = 'hand in the authority as tls.ca'
const certificates: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed: ${trust}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the authority is not trusted: ${trust}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the authority is not known: ${trust}`,
  UNABLE_TO_GET_ISSUER_CERT: `the authority is not known: ${trust}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the authority is not known: ${trust}`,
  CERT_HAS_EXPIRED: 'the certificate has expired: renew it, and check the clock of this machine',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet: check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host: check the origin, or set tls.serverName',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the answer is not TLS: check whether the server speaks https on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the answer is not TLS: check whether the server speaks https on this port',
}
// The server's word on ours, which with TLS 1.3 comes after we have begun to send; it has read nothing of that.
const refusedCertificate = /^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA)/
const ofTls = /^(?:ERR_SSL_|ERR_TLS_|CERT_|EPROTO$|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/
const unsendable = /^(?:UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED|UND_ERR_REQ_CONTENT_LENGTH_MISMATCH|ERR_INVALID_)/
const lost = /^(?:UND_ERR_SOCKET|UND_ERR_CLOSED|UND_ERR_DESTROYED|E[A-Z]+|ConnectionClosed)$/

/**
 * Makes a ServiceError of what the platform said; that is its cause. `origin` is as people know it.
 *
 * | what happened | code | retry |
 * |---|---|---|
 * | connection refused, connect timeout, unknown name, unreachable host | `unavailable` | `safe` |
 * | TLS: not trusted, wrong host, expired, other protocol, our certificate refused | `unavailable` | `safe` |
 * | the other side closed or reset before anything was written | `unavailable` | `safe` |
 * | the same when the request may have been sent | `unavailable` | `if_idempotent` |
 * | the reply broke off | `unavailable` | `if_idempotent` |
 * | the reply is not HTTP, or its headers are too large | `internal` | `if_idempotent` |
 * | the request cannot be sent: a header, method or path that is none; its body failed | `internal` | `never` |
 * | the headers did not come in time (`headersTimeout`) | `deadline_exceeded` | `if_idempotent`; `safe` when nothing was sent |
 * | the reply is larger than allowed (`replyTooLarge`) | `internal` | `never` |
 * | called off | that of `ServiceError.fromAbort` | that of the error |
 */
export function requestFailure(origin: string, thrown: unknown, stage: RequestStage): ServiceError {
  return thrown instanceof ServiceError ? thrown : unsharedError(failureOf(origin, thrown, stage))
}

function failureOf(origin: string, thrown: unknown, stage: RequestStage): ServiceError {
  const error = rootOf(thrown)
  const code = codeOf(error)
  const unsafe = stage === 'unsent' ? 'safe' : 'if_idempotent'
  const failed = (text: string, retry: 'safe' | 'if_idempotent') =>
    new ServiceError('unavailable', text, { retry, cause: thrown })

  if (error instanceof ConnectTimeout) return failed(`could not connect to ${origin}: ${error.message}`, 'safe')
  const reason = unreachable[code] ?? (stage === 'unsent' ? notReached[code] : undefined)
  if (reason !== undefined) return failed(`could not connect to ${origin}: ${reason}`, 'safe')
  if (refusedCertificate.test(code))
    return failed(`${origin} refuses our certificate (${code}): check tls.cert and tls.key`, 'safe')
  const flaw = certificates[code]
  if (flaw !== undefined) return failed(`no TLS connection to ${origin}: ${flaw}`, 'safe')
  if (ofTls.test(code)) return failed(`no TLS connection to ${origin} (${code}): ${messageOf(error)}`, unsafe)
  if (isBrokenOff(code, error)) return failed(`the reply of ${origin} broke off`, unsafe)
  if (isNoHttp(code, error)) return notHttp(`the reply of ${origin} is not HTTP/1.1: ${messageOf(error)}`, thrown)
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return notHttp(`the headers of the reply of ${origin} are too large`, thrown)
  if (unsendable.test(code))
    return new ServiceError('internal', `the request to ${origin} cannot be sent: ${messageOf(error)}`, {
      retry: 'never',
      cause: thrown,
    })
  if (lost.test(code)) return failed(lossOf(origin, code, stage), unsafe)
  return ServiceError.from(thrown)
}

/** The headers of a reply did not come within `timeoutMs`. */
export function headersTimeout(origin: string, timeoutMs: number, stage: RequestStage): ServiceError {
  return new ServiceError('deadline_exceeded', `${origin} sent no reply within ${formatDuration(timeoutMs)}`, {
    retry: stage === 'unsent' ? 'safe' : 'if_idempotent',
  })
}

/** The body of a reply is larger than what its reader takes. */
export function replyTooLarge(origin: string, maxReplyBytes: number): ServiceError {
  return new ServiceError('internal', `the reply of ${origin} is larger than ${maxReplyBytes} bytes (maxReplyBytes)`, {
    retry: 'never',
  })
}

/** What a requester that was closed says to all its requests. */
export function clientClosed(): ServiceError {
  return new ServiceError('canceled', 'the client was closed')
}

function notHttp(text: string, cause: unknown): ServiceError {
  return new ServiceError('internal', text, { retry: 'if_idempotent', cause })
}

function lossOf(origin: string, code: string, stage: RequestStage): string {
  if (stage === 'replying') return `the reply of ${origin} broke off (${code})`
  const moment = stage === 'sent' ? 'before it replied' : 'before the request was written'
  return `the connection to ${origin} was lost ${moment} (${code})`
}

// Undici's parser errors have a name and a text, but their `code` is undefined.
function isBrokenOff(code: string, error: unknown): boolean {
  return code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || (isOfParser(error) && /EOF/.test(messageOf(error)))
}

function isNoHttp(code: string, error: unknown): boolean {
  return code.startsWith('HPE_') || isOfParser(error) || /^bad (?:response|upgrade)$/.test(messageOf(error))
}

function isOfParser(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError'
}

/** `fetch` wraps what happened, and a host with several addresses gives an error for each. */
function rootOf(thrown: unknown): unknown {
  let error = thrown
  for (let depth = 0; depth < 4 && error instanceof Error && codeOf(error) === ''; depth++) {
    const [first] = error instanceof AggregateError ? error.errors : [error.cause]
    if (first === undefined) break
    error = first
  }
  return error
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
