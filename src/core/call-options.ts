// What a caller may say of a single call, and the key under which transports and policies find it.
import type { Context } from './context.ts'
import { type ContextKey, contextKey } from './context-key.ts'
import { checkHeader, headerNames, type Metadata, metadataLimits } from './metadata.ts'

/** What one call may say beside its request. */
export interface CallOptions {
  /** What the call is made for: its deadline, cancellation, trace and values go along. @default none */
  readonly ctx?: Context | undefined
  /** How long the call may take, in milliseconds; never longer than `ctx` allows. @default the method's own, else 5_000 where neither `ctx` nor the method has a limit and the method is unary */
  readonly timeoutMs?: number | undefined
  /** Calls the call off. */
  readonly signal?: AbortSignal | undefined
  /** More headers, in visible ASCII. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** `false` asks the client's policies not to repeat this call. */
  readonly retry?: false | undefined
  /** Gets the headers of the reply, before the response. */
  readonly onHeaders?: ((headers: Metadata) => void) | undefined
  /** Gets the trailers of the reply, after the last message. */
  readonly onTrailers?: ((trailers: Metadata) => void) | undefined
}

/** The call's own options, for transports and policies. */
export const callOptions: ContextKey<CallOptions | undefined> = contextKey('call-options', {
  scope: 'hop',
  fallback: undefined,
})

// Names that the call itself sets.
const ownHeaders: readonly string[] = [headerNames.timeout, headerNames.attempt]

/** Checks the headers of a call. Throws a TypeError or RangeError that says what is wrong. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    const lower = checkHeader(name, value)
    if (ownHeaders.includes(lower))
      throw new TypeError(`header ${lower} is set by the call itself; use the call's options`)
    bytes += name.length + value.length
  }
  if (bytes > metadataLimits.callHeadersBytes) {
    throw new RangeError(`headers must be at most ${metadataLimits.callHeadersBytes} bytes, but are ${bytes}`)
  }
}
