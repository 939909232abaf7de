// logfmt against the conformance suite of sinks, read back by a parser of its own.
import { describe, it } from 'node:test'
import { pairsOf } from '../../../test/platform/logfmt.ts'
import { type ReceivedRecord, type SinkHarness, sinkCases } from '../../testing/conformance/sink.ts'
import type { Level } from '../level.ts'
import { logfmtSink } from './sink.ts'

function recordOf(line: string): ReceivedRecord {
  const pairs = [...pairsOf(line)]
  const take = (key: string) => (pairs[0]?.[0] === key ? pairs.shift()?.[1] : undefined)
  const [ts = '', level, message = ''] = [take('ts'), take('level'), take('msg')]
  return { at: Date.parse(ts), level: level as Level, message, fields: pairs }
}

const harness: SinkHarness = {
  without: ['exactKeys'],
  async open() {
    let written = ''
    return {
      sink: logfmtSink({
        write(text: string) {
          written += text
        },
      }),
      received: async () => written.split('\n').slice(0, -1).map(recordOf),
      async [Symbol.asyncDispose]() {},
    }
  },
}

describe('logfmt', () => {
  for (const { name, run } of sinkCases) it(name, (test) => run(harness, test))
})
