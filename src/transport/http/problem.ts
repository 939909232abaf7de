// Errors as HTTP has them: problem documents (RFC 9457), and what the status alone says where there is none.
import { isCode } from '../../core/codes.ts'
import { bodyOf, ServiceError } from '../../core/errors.ts'
import type { Metadata } from '../../core/metadata.ts'
import { retryAfterMsOf } from '../../platform/retry-after.ts'
import { codeOfHttp, statuses } from '../status.ts'

/** The media type of a problem document. */
export const problemType = 'application/problem+json'

// More than that not every client can read as a number.
const longestSeconds = 2 ** 31 - 1

/** A ServiceError as HTTP carries it. */
export interface Problem {
  readonly status: number
  /** The document, ready to be sent. */
  readonly text: string
  /** Whole seconds for `Retry-After`; undefined when the error does not say. */
  readonly retryAfter: string | undefined
}

/**
 * Writes an error. The document has the members of RFC 9457 (`title` is the code, `detail` the message) and `code`,
 * `retry`, `details` and `retryAfterMs`. Details that cannot be written as JSON are left out.
 */
export function problemOf(error: ServiceError, status: number = statuses[error.code].http): Problem {
  const { code, message, retry, details, retryAfterMs: asked = Number.NaN } = bodyOf(error)
  const retryAfterMs = asked >= 0 && asked < Infinity ? asked : undefined
  const document = { type: 'about:blank', title: code, status, detail: message, code, retry, retryAfterMs, details }
  let text: string
  try {
    text = JSON.stringify(document)
  } catch {
    text = JSON.stringify({ ...document, details: undefined })
  }
  return {
    status,
    text: `${text}\n`,
    retryAfter:
      retryAfterMs === undefined ? undefined : String(Math.min(Math.ceil(retryAfterMs / 1000), longestSeconds)),
  }
}

/** A problem document as one message, for streams that have begun. */
export function problemText(error: ServiceError): string {
  return problemOf(error).text.trimEnd()
}

/** Rebuilds the error of a problem document that was decoded; undefined when it is not one of ours. */
export function errorOfProblem(document: unknown): ServiceError | undefined {
  if (typeof document !== 'object' || document === null) return undefined
  const { code, detail, title, retry, details, retryAfterMs } = document as Readonly<Record<string, unknown>>
  if (!isCode(code)) return undefined
  return ServiceError.fromJSON({
    code,
    message: typeof detail === 'string' ? detail : title,
    retry,
    details,
    retryAfterMs,
  })
}

const longestText = 1_000

/** What a foreign error means: one without a document of ours. `what` was called; the beginning of its text is in `details`, for whoever looks for the fault. */
export function foreignError(what: string, status: number, headers: Metadata, body: string, now: number): ServiceError {
  const code = codeOfHttp(status)
  const type = headers.get('content-type') ?? ''
  const location = headers.get('location')
  const text = body.slice(0, longestText).toWellFormed()
  return new ServiceError(code, `${what}: HTTP status ${status}`, {
    retryAfterMs: retryAfterMsOf(headers, now),
    details: { status, type, text, ...(location && { location }) },
  })
}
