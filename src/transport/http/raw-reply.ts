// Sends a reply that a single endpoint has encoded by itself.
import type { Inbound } from '../../core/inbound.ts'
import { closeQuietly, closeUnread, isAsyncIterable } from '../../core/streams.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Exchange, ReplyWriter } from './exchange.ts'
import { isFraming } from './http-inbound.ts'
import type { HttpReplyMessage } from './http-request-message.ts'
import { replyHeaders, trailersOf } from './reply-headers.ts'

/** What becomes of a raw reply. */
export interface RawReplyOptions {
  readonly status: number
  readonly inbound: Inbound | undefined
  readonly close: boolean
  /** Its stream failed after it had begun. */
  onFailure(thrown: unknown): void
}

/**
 * Sends a reply, with what the handler has set beside it; headers that say where a message ends are left out, since the
 * server knows. Throws a TypeError or RangeError, before anything is sent, for a status or a header that cannot be sent.
 * Gives what lets go of a stream whose caller has gone.
 */
export function sendRawReply(
  exchange: Exchange,
  reply: HttpReplyMessage,
  options: RawReplyOptions,
): Disposable | undefined {
  const { body } = reply
  const { inbound, close } = options
  if (!isAsyncIterable(body)) {
    if (body !== undefined && typeof body !== 'string' && !ArrayBuffer.isView(body))
      throw new TypeError('the body of a reply must be text, bytes or a stream of them')
    exchange.send(checkedStatus(options), headersOf(reply, inbound), body, close, inbound?.sizes)
    return undefined
  }
  try {
    const [status, headers] = [checkedStatus(options), headersOf(reply, inbound)]
    const writer = exchange.start(status, headers, close)
    const source = (body as AsyncIterable<string | Uint8Array>)[Symbol.asyncIterator]()
    if (exchange.method === 'HEAD' || status === 204 || status === 304) {
      closeQuietly(source)
      inbound?.sizes?.sent(0)
    } else void pump(source, writer, options)
    return { [Symbol.dispose]: () => closeQuietly(source) }
  } catch (thrown) {
    closeUnread(body)
    throw thrown
  }
}

function checkedStatus({ status }: RawReplyOptions): number {
  return checkNumber('status', status, { min: 200, max: 599, integer: true })
}

function headersOf({ headers = {} }: HttpReplyMessage, inbound: Inbound | undefined): string[] {
  const list = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => checkRawHeader(name, value)),
  )
  return replyHeaders(list, inbound)
}

// Bytes of a header value (RFC 9110, 5.5), and what only the server may say.
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function checkRawHeader(name: string, value: string): string[] {
  if (isFraming(name)) return []
  if (!token.test(name) || !fieldValue.test(value)) throw new TypeError(`header ${JSON.stringify(name)} cannot be sent`)
  return [name.toLowerCase(), value]
}

/** Sends a body as it comes. One that fails is broken off: its caller must not take it for whole. */
async function pump(
  source: AsyncIterator<string | Uint8Array>,
  writer: ReplyWriter,
  { inbound, onFailure }: RawReplyOptions,
): Promise<void> {
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await source.next()
      if (done) break
      const taken = writer.write(value)
      if (inbound?.sizes !== undefined) bytes += byteLength(value)
      if (taken === true || (await taken)) continue
      closeQuietly(source)
      return
    }
    writer.end(trailersOf(inbound))
    inbound?.sizes?.sent(bytes)
  } catch (thrown) {
    onFailure(thrown)
    writer.destroy()
  }
}
