// A record as one message of syslog, no longer than receivers take.
import { Remembered } from '../../primitives/remembered.ts'
import type { LogRecord } from '../log-record.ts'
import { logfmtSink } from '../logfmt/sink.ts'
import { bodyText } from './body-text.ts'
import { rfc3164, rfc5424 } from './format.ts'
import type { CheckedSyslogOptions } from './options.ts'
import { Params } from './params.ts'
import { shortened } from './shortened.ts'
import { visible } from './text.ts'

/** Makes a function that gives the message of a record, without its frame. Throws a TypeError when `body` gives no sink. */
export function messages(options: CheckedSyslogOptions): (record: LogRecord) => string {
  const { sender, messageId, body, maxMessageBytes } = options
  const isBsd = options.format === 'rfc3164'
  const format = isBsd ? rfc3164(sender) : rfc5424(sender, options.structuredDataId, options.byteOrderMark)
  const textOf = body ? bodyText(body) : isBsd ? bodyText((to) => logfmtSink(to, withoutHead)) : undefined
  const params = new Params()
  const known = new Remembered(visible)
  return (record) => {
    const head = format.head(record.level, record.at, messageId?.(record))
    const data = textOf === undefined ? params.of(record) : ''
    const text = textOf === undefined ? known.of(record.message) : visible(textOf(record))
    const message = format.message(head, data, text)
    // A UTF-16 code unit becomes three bytes at most.
    if (3 * message.length <= maxMessageBytes || Buffer.byteLength(message) <= maxMessageBytes) return message
    return shortened(format, head, data, text, maxMessageBytes)
  }
}

const withoutHead = { timeKey: false, levelKey: false } as const
