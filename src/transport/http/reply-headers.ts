// What goes back beside a reply, in the form in which exchanges send it.
import type { Inbound } from '../../core/inbound.ts'
import type { HeaderList } from './exchange.ts'

/** The headers of a reply that begins: those given, unless the handler has set its own. What is in `kept` it may not set. */
export function replyHeaders(given: HeaderList, inbound: Inbound | undefined, kept: HeaderList = []): string[] {
  inbound?.beginReply()
  const own = inbound?.replyHeaders
  const headers = [...kept]
  for (let i = 0; i < given.length; i += 2) {
    if (!own?.has(given[i] as string)) headers.push(given[i] as string, given[i + 1] as string)
  }
  for (const [name, value] of own ?? []) if (!kept.includes(name)) headers.push(name, value)
  for (const cookie of inbound?.replyCookies ?? []) headers.push('set-cookie', cookie)
  return headers
}

/** The trailers that a handler has set, in the form in which they are sent. */
export function trailersOf(inbound: Inbound | undefined): string[] {
  return inbound?.replyTrailers === undefined ? [] : [...inbound.replyTrailers].flat()
}
