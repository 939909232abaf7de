// What every wire carries beside a message: the names of the headers, their limits, and how strangers' values are read.

/** Headers of a call or of its reply, by lower-case name. A `Map` fits, and so do the platform's own `Headers`. */
export interface Metadata {
  get(name: string): string | null | undefined
  [Symbol.iterator](): Iterator<[string, string]>
}

/** The headers that servicekit sends itself. Trace headers are those of W3C Trace Context and W3C Baggage. */
export const headerNames = {
  /** Milliseconds that are left until the caller's deadline: a whole number. */
  timeout: 'request-timeout-ms',
  requestId: 'request-id',
  criticality: 'request-criticality',
  /** Which attempt of a call this is, from 1; sent from the second on. */
  attempt: 'request-attempt',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
} as const

/** What of a stranger's metadata is looked at; beyond it a value is treated as if it had not been sent. */
export const metadataLimits = {
  requestIdChars: 128,
  attempt: 1000,
  /** The size that W3C Trace Context asks everyone to pass on. */
  tracestateChars: 512,
  /** W3C Baggage, section 3.3.2. */
  baggageBytes: 8192,
  /** Names and values of the headers that one call adds. */
  callHeadersBytes: 16_384,
} as const

/** A position in a distributed trace, as W3C Trace Context has it. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits: the span of whoever called. */
  readonly spanId: string
  readonly sampled: boolean
  /** The `traceparent` header as it came, to be passed on unchanged. */
  readonly traceparent: string
  /** The `tracestate` header as it came, or an empty string. */
  readonly tracestate: string
}

// W3C Trace Context, 3.2: version ff is forbidden, all-zero ids are invalid, and only versions above 00 may be longer.
const traceparentForm = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[ -~]*)?$/

/** Reads a trace position; undefined when there is none or when it is not valid, which is never an error of the call. */
export function readTraceContext(headers: Metadata): TraceContext | undefined {
  const traceparent = headers.get(headerNames.traceparent)
  if (!traceparent || traceparent.length > metadataLimits.tracestateChars) return undefined
  const [, version, traceId, spanId, flags, rest] = traceparentForm.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === '00' && rest !== undefined) return undefined
  const state = headers.get(headerNames.tracestate) ?? ''
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    traceparent,
    tracestate: state.length > metadataLimits.tracestateChars || !carriable.test(state) ? '' : state,
  }
}

/** Reads a whole number of up to 16 digits, from 1 to `max` (one that is larger counts as `max`); undefined for anything else. */
export function readCount(headers: Metadata, name: string, max: number): number | undefined {
  const text = headers.get(name)
  if (!text || text.length > 16) return undefined
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value === 0 ? undefined : Math.min(value, max)
}

/** Reads one member of the `baggage` header, percent-decoded; undefined when it is not there or not readable. */
export function readBaggageMember(headers: Metadata, name: string): string | undefined {
  for (const [member, value] of baggageMembers(headers.get(headerNames.baggage))) {
    if (member !== name) continue
    try {
      // Properties after a semicolon belong to the member and not to its value.
      return decodeURIComponent(value.split(';', 1)[0]?.trim() ?? '')
    } catch {
      return undefined
    }
  }
  return undefined
}

/** Adds to the baggage in `out` the members of `inherited` that it does not name itself; none when not every wire could carry it. */
export function mergeBaggage(out: Map<string, string>, inherited: string | null | undefined): void {
  if (!inherited || !carriable.test(inherited)) return
  const own = out.get(headerNames.baggage)
  if (own === undefined) {
    if (inherited.length <= metadataLimits.baggageBytes) out.set(headerNames.baggage, inherited)
    return
  }
  const names = new Set(Array.from(baggageMembers(own), ([name]) => name))
  const kept = Array.from(baggageMembers(inherited))
    .filter(([name]) => !names.has(name))
    .map(([name, value]) => `,${name}=${value}`)
  const merged = own + kept.join('')
  if (merged.length <= metadataLimits.baggageBytes) out.set(headerNames.baggage, merged)
}

function* baggageMembers(header: string | null | undefined): Generator<[name: string, value: string]> {
  if (!header || header.length > metadataLimits.baggageBytes) return
  for (const member of header.split(',')) {
    const equals = member.indexOf('=')
    if (equals > 0) yield [member.slice(0, equals).trim(), member.slice(equals + 1).trim()]
  }
}

// What strangers sent goes on to wires that are stricter than the one it came over: it must not fail the call there.
const carriable = /^[ -~]*$/

const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
// Visible ASCII with spaces inside: what every wire carries unchanged.
const plainText = /^(?:[!-~](?:[ !-~]*[!-~])?)?$/

/** Checks one header that a program sets itself and returns its lower-case name. Throws a TypeError that says what is wrong. */
export function checkHeader(name: string, value: string): string {
  const lower = name.toLowerCase()
  if (!token.test(lower))
    throw new TypeError(`header name ${JSON.stringify(name)} must be an HTTP token (RFC 9110, 5.6.2)`)
  if (typeof value !== 'string' || !plainText.test(value)) {
    // The value is not printed: it may be a secret that was read together with its line end.
    throw new TypeError(`value of header ${lower} must be visible ASCII, with spaces only inside`)
  }
  return lower
}
