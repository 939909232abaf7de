// Conformance of a sink: values of every kind that a record may hold.
import assert from 'node:assert/strict'
import { assertFields, lacks, onlyRecord, openLogger, type SinkCase, textUnder } from './sink-harness.ts'

/** Texts that formats quote, escape or take for something else. */
const texts = [
  '',
  ' ',
  'a b',
  ' a ',
  'a=b',
  'a:b,c;d|e',
  '"',
  'a"b\'c`d',
  '\\',
  'a\\nb',
  'null',
  'undefined',
  'true',
  '1',
  '01',
  '-',
  '{}',
  '[1,2]',
  '{"a":1}',
  '%s %d %%',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text that looks like one.
  '${a}',
  '<b>&amp;</b>',
  'Grüße, 世界 🚀',
  'é e\u0301',
]

/** Values by themselves and within others. */
export const sinkValueCases: readonly SinkCase[] = [
  {
    name: 'tells texts of every kind, as messages and as values',
    async run(harness) {
      await using setup = await openLogger(harness)
      const seen = (text: string) => (lacks(harness, 'exactTexts') ? lettersOf(text) : text)
      for (const text of texts) {
        setup.log.with({ bound: text }).info(text, { own: text })
        const { message, fields } = await onlyRecord(setup)
        assert.equal(seen(message), seen(text))
        assertFields(harness, { level: 'info', message, fields: fields.map(([key, value]) => [key, seen(value)]) }, [
          ['bound', seen(text)],
          ['own', seen(text)],
        ])
      }
    },
  },
  {
    name: 'tells numbers, truths and null',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const value of [0, -0, 7, -1.5, 1e21, 1e-7, 2 ** 53, 0.1 + 0.2, Number.MAX_VALUE, 5e-324]) {
        setup.log.info('m', { value })
        assert.equal(Number(textUnder(await onlyRecord(setup), 'value')), value === 0 ? 0 : value)
      }
      setup.log.info('m', { yes: true, no: false, nothing: null, big: 2n ** 70n })
      assertFields(harness, await onlyRecord(setup), [
        ['yes', 'true'],
        ['no', 'false'],
        ['nothing', 'null'],
        ['big', '1180591620717411303424'],
      ])
    },
  },
  {
    name: 'tells numbers that are none',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (const value of [NaN, Infinity, -Infinity]) {
        setup.log.info('m', { value, list: [value] })
        const text = textUnder(await onlyRecord(setup), 'value')
        assert.ok(text === 'null' || text === String(value), `${value} came as ${text}`)
      }
    },
  },
  {
    name: 'tells lists and objects',
    async run(harness) {
      await using setup = await openLogger(harness)
      const values = [
        [],
        {},
        [1, 'a b', null, true],
        { a: { b: [{ c: 'd "e"' }] } },
        { 'a key': 1, '': 2, 'quote"': '\\' },
        JSON.parse('{ "__proto__": { "a": 1 }, "constructor": 2 }'),
      ]
      for (const value of values) {
        setup.log.info('m', { value })
        assert.deepEqual(JSON.parse(String(textUnder(await onlyRecord(setup), 'value'))), value)
      }
    },
  },
  {
    name: 'tells errors with their causes',
    async run(harness) {
      await using setup = await openLogger(harness)
      const error = new TypeError('order failed', { cause: new Error('connection refused') })
      setup.log.with({ bound: error }).error('m', { error, list: [error] })
      const { fields } = await onlyRecord(setup)
      assert.equal(fields.length, 3)
      for (const [, text] of fields) {
        assert.match(text, /order failed/)
        assert.match(text, /connection refused/)
      }
    },
  },
  {
    name: 'tells bytes as text or as base64',
    async run(harness) {
      await using setup = await openLogger(harness)
      setup.log.info('m', { bytes: new TextEncoder().encode('hi there'), none: new Uint8Array() })
      const record = await onlyRecord(setup)
      const text = String(textUnder(record, 'bytes'))
      assert.ok(['hi there', 'aGkgdGhlcmU='].includes(text), text)
      assert.equal(textUnder(record, 'none'), '')
      setup.log.info('m', { bytes: new Uint8Array(256).map((_, i) => i) })
      assert.equal((await onlyRecord(setup)).fields.length, 1)
    },
  },
  {
    name: 'tells long messages, values and records whole',
    async run(harness) {
      await using setup = await openLogger(harness)
      const long = 'All work and no play. '.repeat(370)
      setup.log.info(long, { long })
      const record = await onlyRecord(setup)
      assert.equal(record.message, long)
      assertFields(harness, record, [['long', long]])
      const fields = Object.fromEntries(
        Array.from({ length: 60 }, (_, i) => [`field${i}`, `${i} ${'x'.repeat(1_000)}`]),
      )
      setup.log.info('m', fields)
      assertFields(harness, await onlyRecord(setup), Object.entries(fields))
    },
  },
]

function lettersOf(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '')
}
