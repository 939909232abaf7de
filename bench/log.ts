// The claim about logs: a line costs less than with the loggers that are known for being fast, and one that nobody wants costs nothing.
import { pino } from 'pino'
import { logfmtSink } from 'servicekit/log/logfmt/sink'
import { logger } from 'servicekit/log/logger'
import { claim } from './harness/claim.ts'
import { nodeProgram } from './harness/program.ts'
import { timed } from './harness/timed.ts'
import { type Writer, written } from './harness/written.ts'

function writer(name: string, ...args: readonly string[]): Writer {
  return { program: (file) => nodeProgram(`loggers/${name}.ts`, file, ...args) }
}

const fields = ['service', 'instance', 'orderId', 'items', 'total', 'customer']

/** Whichever the format is: all that was logged, the level and the time. */
function correct(line: string): void {
  const isWhole = fields.every((key) => line.includes(key)) && /order placed/.test(line) && /level/.test(line)
  if (!isWhole || !/ts|time/.test(line)) throw new Error(`a line is ${line}`)
}

const logfmtRow = written('logfmt', {
  correct,
  ours: writer('ours', 'logfmt'),
  peers: [
    { name: 'pino', bar: 1.7, ...writer('pino') },
    { name: 'winston', bar: 2.5, ...writer('winston') },
    { name: 'bunyan', ...writer('bunyan') },
  ],
})

const jsonRow = written('json', {
  correct,
  ours: writer('ours', 'json'),
  peers: [{ name: 'pino', bar: 1.5, ...writer('pino') }],
})

const disabledRow = timed('disabled', {
  rounds: 21,
  ours: {
    prepare() {
      const log = logger(logfmtSink({ write() {} })).with({ service: 'orders', instance: 'orders-7f9c' })
      return () => log.debug('order placed', { orderId: 'o-1', items: 3, total: 12.5, customer: 'ada lovelace' })
    },
  },
  peers: [
    {
      name: 'pino',
      bar: 0.8,
      prepare() {
        const log = pino({ base: null }, { write() {} }).child({ service: 'orders', instance: 'orders-7f9c' })
        return () => log.debug({ orderId: 'o-1', items: 3, total: 12.5, customer: 'ada lovelace' }, 'order placed')
      },
    },
  ],
})

await claim({
  name: 'log',
  says: 'A line of logs costs less than with the loggers that are known for being fast, with redaction on.',
  packages: ['pino', 'winston', 'bunyan'],
  rows: [logfmtRow, jsonRow, disabledRow],
})
