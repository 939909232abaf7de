// syslog against the conformance suite of sinks: over TCP with octet counting, read back by RFC 5424, and as BSD has it, with a line feed.
import { describe, it } from 'node:test'
import { pairsOf } from '../../../test/platform/logfmt.ts'
import { streamReceiver } from '../../../test/platform/receivers.ts'
import { framesOf, messageOf } from '../../../test/platform/syslog.ts'
import { type ReceivedRecord, type SinkHarness, sinkCases } from '../../testing/conformance/sink.ts'
import { eventually } from '../../testing/eventually.ts'
import type { Level } from '../level.ts'
import { type SyslogOptions, syslogSink } from './sink.ts'

const levels: Readonly<Record<number, Level>> = { 7: 'debug', 6: 'info', 4: 'warn', 3: 'error' }

function modernRecord(message: string): ReceivedRecord {
  const { severity, at, element, text } = messageOf(message)
  return { at, level: levels[severity] as Level, message: text, fields: element?.params ?? [] }
}

/** Its time has no year and no milliseconds. */
function bsdRecord(message: string): ReceivedRecord {
  const [, priority, text = ''] = /^<(\d+)>\w{3} [\d ]\d \d\d:\d\d:\d\d orders app\[7\]:(?: (.*))?$/.exec(message) ?? []
  const pairs = [...pairsOf(text)]
  const said = pairs[0]?.[0] === 'msg' ? pairs.shift()?.[1] : undefined
  return { level: levels[Number(priority) & 7] as Level, message: said ?? '', fields: pairs }
}

function harness(
  options: SyslogOptions,
  messagesIn: (stream: Buffer) => readonly string[],
  recordOf: (message: string) => ReceivedRecord,
): SinkHarness {
  return {
    without: ['exactTexts', 'exactKeys'],
    async open() {
      let isPaused = false
      const chunks: Buffer[] = []
      const receiver = await streamReceiver(0, (socket) => {
        if (isPaused) socket.pause()
        socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      })
      const sink = syslogSink({ url: receiver.address, ...options })
      const messages = () => messagesIn(Buffer.concat(chunks))
      return {
        sink,
        async received() {
          await eventually(() => messages().length === sink.stats.sent)
          // What the sink itself says of those that were dropped is none of the suite's.
          return messages()
            .map(recordOf)
            .filter(({ message }) => message !== 'log records dropped')
        },
        async pause() {
          await eventually(() => receiver.open.size > 0)
          isPaused = true
          for (const socket of receiver.open) socket.pause()
        },
        async resume() {
          isPaused = false
          for (const socket of receiver.open) socket.resume()
        },
        async [Symbol.asyncDispose]() {
          await sink[Symbol.asyncDispose]()
          await receiver[Symbol.asyncDispose]()
        },
      }
    },
  }
}

/** The longest records of the suite must not be shortened. */
const common: SyslogOptions = {
  hostname: 'orders.example.com',
  appName: 'app',
  processId: '7',
  maxMessageBytes: 1_048_576,
  maxPendingBytes: 4_194_304,
}

describe('syslog by RFC 5424', () => {
  const modern = harness(common, (stream) => framesOf(stream).frames, modernRecord)
  for (const { name, run } of sinkCases) it(name, () => run(modern))
})

describe('syslog by RFC 3164', () => {
  const lines = (stream: Buffer) => stream.toString().split('\n').slice(0, -1)
  const bsd = harness({ ...common, format: 'rfc3164', framing: 'line-feed' }, lines, bsdRecord)
  for (const { name, run } of sinkCases) it(name, () => run(bsd))
})
