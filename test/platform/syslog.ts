// A reader of syslog for tests, by the letter of RFC 5424 and RFC 6587: it throws at whatever is not as they say.
import assert from 'node:assert/strict'

/** A message of RFC 5424. */
export interface SyslogMessage {
  readonly facility: number
  readonly severity: number
  /** Milliseconds since the epoch; NaN for none. */
  readonly at: number
  readonly hostname: string
  readonly appName: string
  readonly processId: string
  readonly messageId: string
  /** The only element of structured data; undefined where there is none. */
  readonly element:
    | { readonly id: string; readonly params: readonly (readonly [name: string, value: string])[] }
    | undefined
  readonly text: string
}

/** The frames of a stream with octet counting, and what is left of it: the beginning of another one. */
export function framesOf(stream: Buffer): { readonly frames: readonly string[]; readonly rest: Buffer } {
  const frames: string[] = []
  let at = 0
  for (;;) {
    const digits = /^[1-9]\d{0,6} /.exec(stream.toString('latin1', at, at + 8))?.[0]
    if (digits === undefined) {
      assert.match(stream.toString('latin1', at), /^\d{0,7}$/, 'a frame begins with its length')
      return { frames, rest: stream.subarray(at) }
    }
    const start = at + digits.length
    const end = start + Number(digits)
    if (end > stream.length) return { frames, rest: stream.subarray(at) }
    frames.push(decoder.decode(stream.subarray(start, end)))
    at = end
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const header =
  /^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (?=-|\[)/
const name = String.raw`[!#-<>-\\^-~]{1,32}`
const elementForm = new RegExp(String.raw`^\[(${name})((?: ${name}="(?:[^"\\\]]|\\["\\\]])*")*)\]`)
const paramForm = new RegExp(String.raw` (${name})="((?:[^"\\\]]|\\["\\\]])*)"`, 'gy')

/** Reads a message. Throws an AssertionError for what is none. */
export function messageOf(message: string): SyslogMessage {
  const [head, priority, time = '', hostname = '', appName = '', processId = '', messageId = ''] =
    header.exec(message) ?? []
  assert.ok(head !== undefined, `no header of RFC 5424: ${JSON.stringify(message.slice(0, 200))}`)
  assert.ok(Number(priority) < 192)
  const after = message.slice(head.length)
  const element = elementForm.exec(after)
  assert.ok(element !== null || after.startsWith('-'), `no structured data: ${JSON.stringify(after.slice(0, 200))}`)
  const rest = after.slice(element?.[0].length ?? 1)
  assert.match(rest, /^(?: .*)?$/s)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
  assert.doesNotMatch(message, /[\x00-\x1f\x7f]/)
  return {
    facility: Number(priority) >> 3,
    severity: Number(priority) & 7,
    at: time === '-' ? NaN : Date.parse(time),
    hostname,
    appName,
    processId,
    messageId,
    element: element === null ? undefined : { id: element[1] ?? '', params: paramsOf(element[2] ?? '') },
    text: rest.slice(1),
  }
}

/** Reads ` a="1" b="2"`. */
export function paramsOf(params: string): [name: string, value: string][] {
  return Array.from(params.matchAll(paramForm), ([, key = '', value = '']) => [key, value.replaceAll(/\\(.)/g, '$1')])
}
