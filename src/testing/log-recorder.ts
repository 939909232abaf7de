// A sink that remembers the records that it was given, for tests of what logs.
import type { Level } from '../log/level.ts'
import { allFields, type LogRecord } from '../log/log-record.ts'
import type { LogFields } from '../log/log-value.ts'
import type { Sink } from '../log/sink.ts'

/** What a test compares: a record without its time and its chain. */
export interface LogEntry {
  readonly level: Level
  readonly message: string
  /** Those that were bound and its own, the nearest value of each key. Errors are LoggedErrors. */
  readonly fields: LogFields
}

/** A sink that keeps all. */
export interface LogRecorder extends Sink {
  /** What was logged so far, the first record first. */
  readonly records: readonly LogRecord[]
  /** The same as entries, to be compared: `assert.deepEqual(log.entries, [{ level: 'info', message: 'placed', fields: { items: 3 } }])`. */
  readonly entries: readonly LogEntry[]
  /** Forgets all. */
  clear(): void
}

/** Makes a sink for `logger(…)` that keeps the records. */
export function logRecorder(): LogRecorder {
  const records: LogRecord[] = []
  return {
    records,
    get entries() {
      return records.map((record) => ({
        level: record.level,
        message: record.message,
        fields: allFields(record),
      }))
    },
    write(record) {
      // The fields may be the program's own object, which it may change.
      records.push({ ...record, fields: record.fields && { ...record.fields } })
    },
    clear() {
      records.length = 0
    },
  }
}
