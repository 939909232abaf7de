// Sends a reply that a single endpoint has encoded by itself.
import type { Inbound } from '../../core/inbound.ts'
import { closeUnread, isAsyncIterable } from '../../core/streams.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Exchange, ReplyWriter } from './exchange.ts'
import { isFraming } from './http-inbound.ts'
import type { HttpReplyMessage } from './http-request-message.ts'
import { replyHeaders, trailersOf } from './reply-headers.ts'

/**
 * Sends a reply, with what the handler has set beside it; headers that say where a message ends are left out, since the
 * server knows. Throws a TypeError or RangeError, before anything is sent, for a status or a header that cannot be sent.
 */
export function sendRawReply(
  exchange: Exchange,
  { headers = {}, body }: HttpReplyMessage,
  status: number,
  inbound: Inbound | undefined,
  close: boolean,
): void {
  checkNumber('status', status, { min: 200, max: 599, integer: true })
  const list = replyHeaders([], inbound)
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) list.push(...checkRawHeader(name, value))
  }
  if (!isAsyncIterable(body)) {
    if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array))
      throw new TypeError('the body of a reply must be text, bytes or a stream of them')
    exchange.send(status, list, body as string | Uint8Array | undefined, close)
  } else if (exchange.method === 'HEAD') {
    closeUnread(body)
    exchange.send(status, list, undefined, close)
  } else {
    void pump(body as AsyncIterable<string | Uint8Array>, exchange.start(status, list, close), inbound)
  }
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
  body: AsyncIterable<string | Uint8Array>,
  writer: ReplyWriter,
  inbound: Inbound | undefined,
): Promise<void> {
  try {
    for await (const piece of body) {
      const taken = writer.write(piece)
      if (taken !== true && !(await taken)) return
    }
    writer.end(trailersOf(inbound))
  } catch {
    writer.destroy()
  }
}
