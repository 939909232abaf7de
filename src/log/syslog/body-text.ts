// The text of a record as another sink writes it: logfmt where a format has no structured data, or whatever a program wants there.
import type { LineWriter } from '../line-writer.ts'
import type { LogRecord } from '../log-record.ts'
import { checkSink, type Sink } from '../sink.ts'

/** Gives the text that a sink writes of a record, without the line feed at its end. Throws a TypeError when `make` gives no sink. */
export function bodyText(make: (to: LineWriter) => Sink): (record: LogRecord) => string {
  let text = ''
  const sink = checkSink(
    make({
      write(line: string) {
        text += line
      },
    }),
  )
  return (record) => {
    // What a sink wrote before it threw is no part of the next record.
    text = ''
    sink.write(record)
    return text.endsWith('\n') ? text.slice(0, -1) : text
  }
}
