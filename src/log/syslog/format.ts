// The two formats of syslog messages: RFC 5424, and what RFC 3164 describes, which BSD had begun with.
import type { Level } from '../level.ts'
import { timestamps } from '../timestamp.ts'
import { bsdTimestamps } from './bsd-timestamp.ts'
import { type Facility, priorities } from './code.ts'
import { headerText, tagText } from './text.ts'

/** Whose messages they are. */
export interface Sender {
  readonly facility: Facility
  readonly hostname: string
  readonly appName: string
  readonly processId: string
}

/** How a message is put together. */
export interface Format {
  /** All that comes before structured data and text. */
  head(level: Level, at: number, messageId: string | undefined): string
  /** The whole; `params` are parameters of structured data, each with a space before it, and must be empty where a format has none. */
  message(head: string, params: string, text: string): string
}

/** `<14>1 2026-11-21T17:04:05.123Z host app 4711 - [fields@32473 items="3"] order placed`. */
export function rfc5424(sender: Sender, structuredDataId: string, byteOrderMark: boolean): Format {
  const priority = priorities(sender.facility)
  const timestamp = timestamps()
  const names = [headerText(sender.hostname, 255), headerText(sender.appName, 48), headerText(sender.processId, 128)]
  const sentBy = ` ${names.join(' ')} `
  const beforeText = byteOrderMark ? ' \ufeff' : ' '
  return {
    head(level, at, messageId) {
      const moment = timestamp(at)
      // RFC 5424 has years of four digits, and `-` for a time that is not known.
      const time = moment.length === 24 ? moment : '-'
      return `${priority[level]}1 ${time}${sentBy}${messageId === undefined ? '-' : headerText(messageId, 32)} `
    },
    message(head, params, text) {
      const data = params === '' ? '-' : `[${structuredDataId}${params}]`
      return text === '' ? head + data : head + data + beforeText + text
    },
  }
}

/** `<14>Nov 21 17:04:05 host app[4711]: msg="order placed" items=3`, in the local time of the process. */
export function rfc3164(sender: Sender): Format {
  const priority = priorities(sender.facility)
  const timestamp = bsdTimestamps()
  // RFC 3164, 4.1.2: the name of the host is without its domain; an address has none.
  const { hostname } = sender
  const host = /^[\d.]+$|:/.test(hostname) ? hostname : hostname.replace(/\..*/s, '')
  const sentBy = ` ${headerText(host, 255)} ${tagText(sender.appName)}[${tagText(sender.processId)}]:`
  return {
    head: (level, at) => priority[level] + timestamp(at) + sentBy,
    message: (head, _params, text) => (text === '' ? head : `${head} ${text}`),
  }
}
