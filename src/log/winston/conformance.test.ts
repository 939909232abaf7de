// winston against the conformance suite of sinks: what a transport of the real one is given, as its format of JSON shows it.
import { describe, it } from 'node:test'
import winston from 'winston'
import Transport from 'winston-transport'
import { type ReceivedRecord, type SinkHarness, sinkCases } from '../../testing/conformance/sink.ts'
import type { Level } from '../level.ts'
import { winstonSink } from './sink.ts'

const shown: symbol = Symbol.for('message')

function recordOf(line: string): ReceivedRecord {
  const { level, message, ...fields } = JSON.parse(line)
  const pairs = Object.entries(fields).map(
    ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  return { level: level as Level, message, fields: pairs }
}

/** Keeps what it is given, and takes no more while it is paused. */
class Kept extends Transport {
  readonly lines: string[] = []
  #held: (() => void) | undefined
  #isPaused = false

  override log(info: Record<PropertyKey, unknown>, next: () => void): void {
    const take = () => {
      this.lines.push(String(info[shown]))
      next()
    }
    if (this.#isPaused) this.#held = take
    else take()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#held?.()
    this.#held = undefined
  }
}

const harness: SinkHarness = {
  without: ['duplicates', 'objectKeys'],
  reserved: ['level', 'message', 'exception'],
  async open() {
    const transport = new Kept()
    const format = winston.format.json({ deterministic: false })
    const theirs = winston.createLogger({ level: 'debug', format, transports: [transport] })
    return {
      sink: winstonSink(theirs, { maxPendingRecords: 5_000 }),
      received: async () => transport.lines.map(recordOf),
      pause: async () => transport.pause(),
      resume: async () => transport.resume(),
      async [Symbol.asyncDispose]() {
        theirs.close()
      },
    }
  },
}

describe('winston', () => {
  for (const { name, run } of sinkCases) it(name, () => run(harness))
})
