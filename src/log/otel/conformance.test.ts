// OpenTelemetry's logs against the conformance suite of sinks: what an exporter of the real SDK is given.
import { describe, it } from 'node:test'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { type ReceivedRecord, type SinkHarness, sinkCases } from '../../testing/conformance/sink.ts'
import type { Level } from '../level.ts'
import { base64 } from '../log-value.ts'
import { otelSink } from './sink.ts'

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return base64(value)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The three attributes of an exception are the field `error`. */
function recordOf({ hrTime, severityText, body, attributes }: ReadableLogRecord): ReceivedRecord {
  const { 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack, ...others } = attributes
  const fields = Object.entries(others).map(([key, value]) => [key, textOf(value)] as const)
  const error = type === undefined ? [] : [['error', `${type}: ${message}\n${stack}`] as const]
  const at = hrTime[0] * 1_000 + hrTime[1] / 1e6
  return { at, level: severityText as Level, message: String(body ?? ''), fields: [...fields, ...error] }
}

const harness: SinkHarness = {
  without: ['duplicates', 'objectKeys'],
  async open() {
    const exporter = new InMemoryLogRecordExporter()
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
    return {
      sink: otelSink(provider.getLogger('test'), { flush: () => provider.forceFlush() }),
      received: async () => exporter.getFinishedLogRecords().map(recordOf),
      [Symbol.asyncDispose]: () => provider.shutdown(),
    }
  },
}

describe('logs of OpenTelemetry', () => {
  for (const { name, run } of sinkCases) it(name, () => run(harness))
})
