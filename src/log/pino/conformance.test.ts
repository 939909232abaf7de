// pino against the conformance suite of sinks: what the real one writes, read back by JSON.parse.
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { type ReceivedRecord, type SinkHarness, sinkCases } from '../../testing/conformance/sink.ts'
import type { Level } from '../level.ts'
import { pinoSink } from './sink.ts'

const levels: Readonly<Record<number, Level>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }

function recordOf(line: string): ReceivedRecord {
  const { level, time: _time, msg = '', ...fields } = JSON.parse(line)
  const pairs = Object.entries(fields).map(
    ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  return { level: levels[level] as Level, message: msg, fields: pairs }
}

const harness: SinkHarness = {
  // As in all JSON the last value of a key is the one that counts, also where pino has put its own there.
  without: ['duplicates', 'reserved', 'objectKeys'],
  async open() {
    let written = ''
    const destination = {
      write(line: string) {
        written += line
      },
    }
    return {
      sink: pinoSink(pino({ level: 'debug', base: null }, destination)),
      received: async () => written.split('\n').slice(0, -1).map(recordOf),
      async [Symbol.asyncDispose]() {},
    }
  },
}

describe('pino', () => {
  for (const { name, run } of sinkCases) it(name, () => run(harness))
})
