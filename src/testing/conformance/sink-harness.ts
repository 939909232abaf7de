// What a sink hands to its conformance suite: how it is opened, and what its receiver got.
import assert from 'node:assert/strict'
import type { Level } from '../../log/level.ts'
import { type Logger, logger } from '../../log/logger.ts'
import type { Sink } from '../../log/sink.ts'
import { manualClock } from '../manual-clock.ts'
import type { CaseTest } from './left-out.ts'

/** One property that every sink has. */
export interface SinkCase {
  /** The property, as a fact. */
  readonly name: string
  /** Rejects when the sink does not have it. Told its test, it has that skipped where the harness has not what it takes. */
  run(harness: SinkHarness, test?: CaseTest): Promise<void>
}

/** A record as its receiver reads it. */
export interface ReceivedRecord {
  /** Milliseconds since the epoch; undefined where the format does not tell. */
  readonly at?: number | undefined
  readonly level: Level
  readonly message: string
  /**
   * Keys and values in their order, without those of time, level and message. A value is a text: texts are what was logged, numbers,
   * truths and null what JavaScript prints, lists and objects JSON, an error any text that has its message and those of its causes, bytes
   * text or base64.
   */
  readonly fields: readonly (readonly [key: string, text: string])[]
}

/** A sink with a receiver of its own. */
export interface OpenSink extends AsyncDisposable {
  readonly sink: Sink
  /** All that has come so far, the first record first. Called after a flush. */
  received(): Promise<readonly ReceivedRecord[]>
  /** Makes the receiver take nothing, or slowly, until `resume`; left out where nothing is between sink and receiver. */
  pause?(): Promise<void>
  /** Lets the receiver go on. */
  resume?(): Promise<void>
}

/**
 * What a format cannot do. `order`: fields come in any order. `duplicates`: of a key that comes twice only the last value arrives, in
 * the place of the first. `reserved`: a field named like the time, the level or the message stands in the place of that. `exactTexts`:
 * control characters, quotes and the like are shown in another way. `exactKeys`: the same of keys, or some characters are left out of them. `objectKeys`:
 * keys that every object has, such as `constructor`, come with something behind them.
 */
export type SinkLack = 'order' | 'duplicates' | 'reserved' | 'exactTexts' | 'exactKeys' | 'objectKeys'

/** What an adapter of a sink hands in. */
export interface SinkHarness {
  /** Opens a sink whose receiver is empty. */
  open(): Promise<OpenSink>
  /** What its format cannot do. @default nothing */
  readonly without?: readonly SinkLack[] | undefined
  /** The keys of time, level and message, which fields should not be taken for. @default ts, level and msg */
  readonly reserved?: readonly string[] | undefined
}

/** A sink, and a logger that logs everything to it. */
export interface SinkSetup extends OpenSink {
  readonly log: Logger
  /** Flushes, and gives what was received since it was asked last. */
  taken(): Promise<readonly ReceivedRecord[]>
}

/** When the records of the suite are logged: 2026-11-21T17:04:05.123Z. */
export const loggedAt: number = Date.UTC(2026, 10, 21, 17, 4, 5, 123)

/** A logger of everything, whose time stands still. */
export function logTo(sink: Sink): Logger {
  return logger(sink, {
    level: 'debug',
    redact: false,
    clock: manualClock({ wallStartAt: loggedAt }),
    onError() {},
  })
}

/** Opens a sink with a logger. */
export async function openLogger(harness: SinkHarness): Promise<SinkSetup> {
  const open = await harness.open()
  const { sink } = open
  const log = logTo(sink)
  let seen = 0
  return {
    sink,
    log,
    received: () => open.received(),
    ...(open.pause && { pause: () => open.pause?.() as Promise<void> }),
    ...(open.resume && { resume: () => open.resume?.() as Promise<void> }),
    async taken() {
      await log.flush()
      assert.equal(log.dropped, 0, 'nothing should be dropped')
      const all = await open.received()
      const taken = all.slice(seen)
      seen = all.length
      return taken
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}

/** Whether the format lacks something. */
export function lacks(harness: SinkHarness, lack: SinkLack): boolean {
  return harness.without?.includes(lack) === true
}

/** Asserts which fields were received. */
export function assertFields(
  harness: SinkHarness,
  { fields }: ReceivedRecord,
  expected: readonly (readonly [key: string, text: string])[],
): void {
  const merged = lacks(harness, 'duplicates') ? [...new Map(expected)] : expected
  if (lacks(harness, 'order')) assert.deepEqual(fields.toSorted(), merged.toSorted())
  else assert.deepEqual(fields, merged)
}

/** The only record that was received. */
export async function onlyRecord(setup: SinkSetup): Promise<ReceivedRecord> {
  const records = await setup.taken()
  const [record] = records
  assert.ok(record !== undefined && records.length === 1, `one record, but ${records.length} were received`)
  return record
}

/** The text that was received under a key; undefined when there is none. */
export function textUnder({ fields }: ReceivedRecord, key: string): string | undefined {
  return fields.find(([each]) => each === key)?.[1]
}
