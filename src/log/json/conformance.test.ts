// JSON against the conformance suite of sinks, read back by JSON.parse.
import { describe, it } from 'node:test'
import { type ReceivedRecord, type SinkHarness, sinkCases } from '../../testing/conformance/sink.ts'
import type { Level } from '../level.ts'
import { jsonSink } from './sink.ts'

function recordOf(line: string): ReceivedRecord {
  const { ts, level, msg = '', ...fields } = JSON.parse(line)
  const pairs = Object.entries(fields).map(
    ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  return { at: Date.parse(ts), level: level as Level, message: msg, fields: pairs }
}

const harness: SinkHarness = {
  // A field may stand in the place of the time, the level and the message, as of any other field.
  without: ['duplicates', 'reserved'],
  async open() {
    let written = ''
    return {
      sink: jsonSink({
        write(text: string) {
          written += text
        },
      }),
      received: async () => written.split('\n').slice(0, -1).map(recordOf),
      async [Symbol.asyncDispose]() {},
    }
  },
}

describe('JSON', () => {
  for (const { name, run } of sinkCases) it(name, (test) => run(harness, test))
})
