// Conformance of a sink: levels, messages, and fields in their order.
import assert from 'node:assert/strict'
import type { LogRecord } from '../../log/log-record.ts'
import type { Logger } from '../../log/logger.ts'
import { LeftOut } from './left-out.ts'
import { assertFields, lacks, loggedAt, logTo, onlyRecord, openLogger, type SinkCase } from './sink-harness.ts'

/** What every record says, and how bound fields come to it. */
export const sinkRecordCases: readonly SinkCase[] = [
  {
    name: 'tells level, message and time of each record',
    async run(harness) {
      await using setup = await openLogger(harness)
      const levels = ['debug', 'info', 'warn', 'error'] as const
      for (const level of levels) setup.log[level](`as ${level}`)
      const records = await setup.taken()
      assert.deepEqual(
        records.map(({ level, message }) => [level, message]),
        levels.map((level) => [level, `as ${level}`]),
      )
      for (const { at, fields } of records) {
        assert.ok(at === undefined || at === loggedAt, `logged at ${loggedAt}, but ${at} was received`)
        assert.deepEqual(fields, [])
      }
    },
  },
  {
    name: 'tells records without a message, and without anything',
    async run(harness) {
      await using setup = await openLogger(harness)
      setup.log.warn('', { a: 1 })
      setup.log.info('', {})
      setup.log.error('')
      const records = await setup.taken()
      assert.deepEqual(
        records.map(({ level, message, fields }) => [level, message, fields]),
        [
          ['warn', '', [['a', '1']]],
          ['info', '', []],
          ['error', '', []],
        ],
      )
    },
  },
  {
    name: 'tells bound fields before own ones, each in the order in which they were given',
    async run(harness) {
      await using setup = await openLogger(harness)
      setup.log.with({ service: 'orders', region: 'eu' }).with({ shard: 7 }).info('placed', { z: 'last', a: 'first' })
      const record = await onlyRecord(setup)
      assert.equal(record.message, 'placed')
      assertFields(harness, record, [
        ['service', 'orders'],
        ['region', 'eu'],
        ['shard', '7'],
        ['z', 'last'],
        ['a', 'first'],
      ])
    },
  },
  {
    name: 'tells what each logger has bound, though many share what is above them',
    async run(harness) {
      await using setup = await openLogger(harness)
      const root = setup.log.with({ root: 'r' })
      const loggers: (readonly [Logger, readonly (readonly [string, string])[]])[] = [[root, [['root', 'r']]]]
      for (const side of ['left', 'right']) {
        const child = root.with({ side })
        const fields = [
          ['root', 'r'],
          ['side', side],
        ] as const
        loggers.push([child, fields])
        for (const leaf of [1, 2]) loggers.push([child.with({ leaf }), [...fields, ['leaf', String(leaf)]]])
      }
      for (const _ of [1, 2, 3]) {
        for (const [log, expected] of loggers.toReversed()) {
          log.info('m', { own: true })
          assertFields(harness, await onlyRecord(setup), [...expected, ['own', 'true']])
        }
      }
      setup.log.info('m')
      assert.deepEqual((await onlyRecord(setup)).fields, [])
    },
  },
  {
    name: 'keeps what it made of bound fields apart from what another sink made of them',
    async run(harness) {
      await using one = await openLogger(harness)
      await using other = await openLogger(harness)
      const bound: (readonly [string, string])[] = [
        ['a', 'x y'],
        ['b', '1'],
      ]
      const both = {
        write(record: LogRecord) {
          one.sink.write(record)
          other.sink.write(record)
        },
      }
      const log = logTo(both).with({ a: 'x y' }).with({ b: 1 })
      for (const round of ['first', 'second']) {
        log.info(round)
        for (const setup of [one, other]) {
          const record = await onlyRecord(setup)
          assert.equal(record.message, round)
          assertFields(harness, record, bound)
        }
      }
    },
  },
  {
    name: 'tells a key that comes twice twice, or its last value',
    async run(harness) {
      await using setup = await openLogger(harness)
      setup.log.with({ a: 1, b: 1 }).with({ a: 2 }).info('m', { c: 1, a: 3 })
      assertFields(harness, await onlyRecord(setup), [
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
        ['c', '1'],
        ['a', '3'],
      ])
    },
  },
  {
    name: 'takes undefined for nothing',
    async run(harness) {
      await using setup = await openLogger(harness)
      setup.log.with({ a: undefined, b: 1 }).info('m', { c: undefined, b: undefined, d: 2 })
      assertFields(harness, await onlyRecord(setup), [
        ['b', '1'],
        ['d', '2'],
      ])
    },
  },
  {
    name: 'takes the names of what every object has for keys like all others',
    async run(harness) {
      await using setup = await openLogger(harness)
      const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
      const fields = Object.fromEntries(keys.map((key) => [key, 'v']))
      setup.log.info('m', fields)
      setup.log.with(fields).info('m')
      for (const record of await setup.taken()) {
        const shown = record.fields.map(
          ([key, text]) => [keys.find((each) => key.startsWith(each)) ?? key, text] as const,
        )
        assertFields(
          harness,
          lacks(harness, 'objectKeys') ? { ...record, fields: shown } : record,
          keys.map((key) => [key, 'v']),
        )
      }
    },
  },
  {
    name: 'takes no field for the level, the message or the time',
    async run(harness) {
      if (lacks(harness, 'reserved')) throw new LeftOut('without reserved')
      await using setup = await openLogger(harness)
      const keys = harness.reserved ?? ['ts', 'level', 'msg']
      const forged = Object.fromEntries(keys.map((key) => [key, 'error']))
      setup.log.info('m', forged)
      setup.log.with(forged).info('m')
      const records = await setup.taken()
      assert.deepEqual(
        records.map(({ level, message }) => [level, message]),
        [
          ['info', 'm'],
          ['info', 'm'],
        ],
      )
      for (const { at } of records) assert.ok(at === undefined || at === loggedAt)
    },
  },
]
