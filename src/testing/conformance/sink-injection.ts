// Conformance of a sink: whatever strangers get into a log, a record stays one record, and is not taken for another.
import assert from 'node:assert/strict'
import { lacks, onlyRecord, openLogger, type ReceivedRecord, type SinkCase, type SinkHarness } from './sink-harness.ts'

/** What ends lines, records, texts or the patience of terminals and readers somewhere. */
const specials = [
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  '\0',
  '\t',
  '\v',
  '\f',
  '\b',
  '\x1b[2J\x1b[31m',
  '\x1b]0;title\x07',
  '\x1e',
  '\x7f',
  '\x85',
  '\x9b31m',
  '\u2028',
  '\u2029',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udfff',
  '"',
  '" ',
  '"}\n{"',
  "'",
  '\\',
  '\\"',
  '\\\n',
  '=',
  ' = ',
  '<14>',
  '%00',
]

const forged = 'ts=2000-01-01T00:00:00.000Z level=error msg=forged forged=true'
const forgedJson = '{"ts":"2000-01-01T00:00:00.000Z","level":"error","msg":"forged","forged":true}'

/** Injection of records and fields by messages, keys and values. */
export const sinkInjectionCases: readonly SinkCase[] = [
  {
    name: 'makes no second record of a message, whatever is in it',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const special of specials) {
        const text = hostile(special)
        setup.log.info(text)
        const record = await onlyRecord(setup)
        assert.equal(record.level, 'info')
        assert.deepEqual(record.fields, [])
        assertText(harness, record.message, text)
      }
    },
  },
  {
    name: 'makes no second record and no other field of a value, whatever is in it',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const special of specials) {
        const text = hostile(special)
        setup.log.info('m', { own: text })
        assertText(harness, ownText(await onlyRecord(setup)), text)
        setup.log.with({ own: text }).info('m')
        assertText(harness, ownText(await onlyRecord(setup)), text)
      }
    },
  },
  {
    name: 'makes none of what is deep within a value',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const special of specials) {
        const text = hostile(special)
        for (const value of [
          [text],
          { a: { b: text } },
          { [text]: 1 },
          new Error(text),
          new TextEncoder().encode(text),
        ]) {
          setup.log.info('m', { own: value })
          ownText(await onlyRecord(setup))
        }
      }
    },
  },
  {
    name: 'makes no second record and no other field of a key, whatever is in it',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const special of specials) {
        const key = `before${special}after`
        for (const log of [setup.log, setup.log.with({ [key]: 'v' })]) {
          log.info('m', log === setup.log ? { [key]: 'v' } : {})
          const { level, message, fields } = await onlyRecord(setup)
          assert.deepEqual([level, message, fields.length], ['info', 'm', 1])
          const [[shown, text] = ['', '']] = fields
          assert.equal(text, 'v')
          if (lacks(harness, 'exactKeys')) assert.match(shown, /^before.*after$/s)
          else assert.equal(shown.toWellFormed(), key.toWellFormed())
        }
      }
    },
  },
  {
    name: 'tells fields whose keys have no letters, or are empty',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const key of ['', ' ', '=', '"', '\n', '\0', '{', ',']) {
        setup.log.info('m', { [key]: 'v' })
        const { message, fields } = await onlyRecord(setup)
        assert.deepEqual([message, fields.map(([, text]) => text)], ['m', ['v']])
      }
    },
  },
]

function hostile(special: string): string {
  return `before${special}${forged}${special}${forgedJson}${special}after`
}

function ownText({ level, message, fields }: ReceivedRecord): string {
  assert.deepEqual([level, message, fields.map(([key]) => key)], ['info', 'm', ['own']])
  return String(fields[0]?.[1])
}

/** Halves of characters cannot be sent; whatever cannot be shown may be replaced where the format says that it does so. */
function assertText(harness: SinkHarness, received: string, logged: string): void {
  if (lacks(harness, 'exactTexts')) assert.match(received, /^before.*forged.*forged.*after$/s)
  else assert.equal(received.toWellFormed(), logged.toWellFormed())
}
