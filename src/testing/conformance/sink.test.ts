// Proves the conformance suite of sinks: a sink in memory passes it, and each of the usual faults fails the cases that it should.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chainOf, type LogRecord } from '../../log/log-record.ts'
import { type LogFields, type LogValue, textOf } from '../../log/log-value.ts'
import { type OpenSink, type ReceivedRecord, type SinkHarness, sinkCases } from './sink.ts'

type Pair = readonly [key: string, text: string]

/** How a sink may go wrong, part by part. */
interface Parts {
  readonly fieldsOf: (record: LogRecord) => readonly LogFields[]
  readonly pairsOf: (fields: LogFields) => readonly Pair[]
  readonly print: (value: LogValue) => string
  readonly receive: (record: ReceivedRecord) => readonly ReceivedRecord[]
  /** How many records wait for a receiver that is slow. */
  readonly most: number
  /** Which of those that wait is dropped. */
  readonly drop: (waiting: ReceivedRecord[]) => void
  readonly countsDrops: boolean
  readonly flushesAtOnce: boolean
  readonly throwsWhenClosed: boolean
}

const right: Parts = {
  fieldsOf: ({ bound, fields = {} }) => [...chainOf(bound).map((node) => node.fields), fields],
  pairsOf: (fields) =>
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, textOf(value)]])),
  print: textOf,
  receive: (record) => [record],
  most: 1_000,
  drop: (waiting) => waiting.shift(),
  countsDrops: true,
  flushesAtOnce: false,
  throwsWhenClosed: false,
}

function harnessOf(changed: Partial<Parts> = {}): SinkHarness {
  const parts = { ...right, ...changed }
  const pairsOf = changed.print
    ? (fields: LogFields): Pair[] => right.pairsOf(fields).map(([key]) => [key, parts.print(fields[key])])
    : parts.pairsOf
  return {
    async open(): Promise<OpenSink> {
      const received: ReceivedRecord[] = []
      const waiting: ReceivedRecord[] = []
      let dropped = 0
      let isPaused = false
      let isClosed = false
      const deliver = () => {
        if (!isPaused) received.push(...waiting.splice(0).flatMap(parts.receive))
      }
      return {
        sink: {
          write(record) {
            if (isClosed && parts.throwsWhenClosed) throw new Error('closed')
            const { at, level, message } = record
            waiting.push({ at, level, message, fields: parts.fieldsOf(record).flatMap(pairsOf) })
            // As one that takes what comes in its own time.
            if (waiting.length > 100) deliver()
            if (waiting.length <= parts.most) return
            parts.drop(waiting)
            if (parts.countsDrops) dropped++
          },
          get dropped() {
            return dropped
          },
          async flush() {
            if (!parts.flushesAtOnce) deliver()
          },
          async [Symbol.asyncDispose]() {
            deliver()
            isClosed = true
          },
        },
        received: async () => received,
        async pause() {
          isPaused = true
        },
        async resume() {
          isPaused = false
        },
        async [Symbol.asyncDispose]() {},
      }
    },
  }
}

/** The names of the cases that a sink fails. */
async function failedBy(harness: SinkHarness): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of sinkCases) await run(harness).catch(() => failed.push(name))
  return failed
}

const lines = (text: string) => text.split('\n')
/** Rendered bound fields, kept by the root of their chain alone. */
const kept = new WeakMap<object, readonly LogFields[]>()

const faults: readonly (readonly [fault: string, Partial<Parts>, caught: readonly RegExp[]])[] = [
  [
    'own fields first',
    { fieldsOf: (record) => right.fieldsOf(record).toReversed() },
    [/^tells bound fields before own/],
  ],
  ['no bound fields', { fieldsOf: ({ fields = {} }) => [fields] }, [/^tells bound fields/, /^tells what each logger/]],
  [
    'the fields of another chain',
    {
      fieldsOf: (record) => {
        const [root] = chainOf(record.bound)
        if (root === undefined) return right.fieldsOf(record)
        const known = kept.get(root) ?? right.fieldsOf(record).slice(0, -1)
        kept.set(root, known)
        return [...known, record.fields ?? {}]
      },
    },
    [/^tells what each logger has bound/],
  ],
  ['one level for all', { receive: (record) => [{ ...record, level: 'info' }] }, [/^tells level, message and time/]],
  ['the time of its own', { receive: (record) => [{ ...record, at: 0 }] }, [/^tells level, message and time/]],
  [
    'a word for no message',
    { receive: (record) => [{ ...record, message: record.message || '-' }] },
    [/without a message/],
  ],
  [
    'undefined as a text',
    { pairsOf: (fields) => Object.entries(fields).map(([key, value]) => [key, textOf(value)]) },
    [/^takes undefined for nothing/],
  ],
  [
    'fields in an ordinary object',
    {
      receive: (record) => {
        const fields: Record<string, string> = {}
        for (const [key, text] of record.fields) fields[key] = text
        return [{ ...record, fields: Object.entries(fields) }]
      },
    },
    [/^takes the names of what every object has/, /^tells a key that comes twice/],
  ],
  [
    'a field for the level',
    {
      receive: (record) => [
        { ...record, ...(record.fields.some(([key]) => key === 'level') && { level: 'error' as const }) },
      ],
    },
    [/^takes no field for the level/],
  ],
  ['values without quotes', { print: (value) => textOf(value).trim() }, [/^tells texts of every kind/]],
  [
    'numbers of few digits',
    { print: (value) => (typeof value === 'number' ? value.toFixed(3) : textOf(value)) },
    [/^tells numbers/],
  ],
  [
    'objects as they print themselves',
    { print: (value) => (Array.isArray(value) ? textOf(value) : String(value)) },
    [/^tells lists and objects/],
  ],
  [
    'errors as empty objects',
    { print: (value) => textOf(value).replace(/connection refused/g, '') },
    [/^tells errors/],
  ],
  [
    'bytes as numbers',
    { print: (value) => (value instanceof Uint8Array ? String(value) : textOf(value)) },
    [/^tells bytes/],
  ],
  ['short texts', { print: (value) => textOf(value).slice(0, 1_024) }, [/^tells long messages/]],
  [
    'a record for each line of a message',
    { receive: (record) => lines(record.message).map((message) => ({ ...record, message })) },
    [/^makes no second record of a message/],
  ],
  [
    'a record for each line of a value',
    { receive: (record) => lines(record.fields[0]?.[1] ?? '').map(() => record) },
    [/^makes no second record and no other field of a value/],
  ],
  [
    'a field for each pair within a value',
    {
      pairsOf: (fields) =>
        right.pairsOf(fields).flatMap(([key, text]) => text.split(' forged=').map((part): Pair => [key, part])),
    },
    [/^makes no second record and no other field of a value/, /^makes none of what is deep/],
  ],
  [
    'a record for each line of a key',
    { receive: (record) => record.fields.flatMap(([key]) => lines(key)).map(() => record) },
    [/^makes no second record and no other field of a key/],
  ],
  [
    'no field without letters in its key',
    { pairsOf: (fields) => right.pairsOf(fields).filter(([key]) => /\w/.test(key)) },
    [/keys have no letters/],
  ],
  ['flushes that wait for nothing', { flushesAtOnce: true }, [/^has told of all that was logged before a flush/]],
  ['errors once it is closed', { throwsWhenClosed: true }, [/^is disposed twice/]],
  ['records lost silently', { countsDrops: false }, [/^waits for no receiver/]],
  ['records in another order', { drop: (waiting) => waiting.reverse().pop() }, [/^waits for no receiver/]],
  ['room for few', { most: 50 }, [/^loses none of many/]],
]

describe('the conformance suite of sinks', () => {
  it('is passed by a sink that does as it should', async () => {
    assert.deepEqual(await failedBy(harnessOf()), [])
  })

  it('is passed by formats that say what they lack', async () => {
    const merged = harnessOf({ receive: (record) => [{ ...record, fields: [...new Map(record.fields)].toSorted() }] })
    assert.deepEqual(await failedBy({ ...merged, without: ['duplicates', 'order'] }), [])
    const masking = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"'\\]/gu, '?')
    const masked = harnessOf({
      print: (value) => (typeof value === 'string' ? masking(value) : textOf(value)),
      receive: (record) => [{ ...record, message: masking(record.message) }],
    })
    assert.deepEqual(await failedBy({ ...masked, without: ['exactTexts'] }), [])
  })

  for (const [fault, parts, caught] of faults) {
    it(`finds ${fault}`, async () => {
      const failed = await failedBy(harnessOf(parts))
      for (const name of caught)
        assert.ok(
          failed.some((each) => name.test(each)),
          `${name} in ${failed.join('\n')}`,
        )
    })
  }
})
