// The logfmt sink: a record is a line of key=value pairs, which people read and most collectors parse.
import { flat } from '../../primitives/flat.ts'
import { Remembered } from '../../primitives/remembered.ts'
import type { Level } from '../level.ts'
import { type LineKeys, lineKeys } from '../line-keys.ts'
import { checkWriter, type LineWriter } from '../line-writer.ts'
import type { BoundFields, LogRecord } from '../log-record.ts'
import { type LogFields, type LogValue, textOf } from '../log-value.ts'
import type { Sink } from '../sink.ts'
import { timestamps } from '../timestamp.ts'
import { keyText, valueText } from './text.ts'

/** Under which keys a line says what every record has. */
export interface LogfmtOptions extends LineKeys {}

/**
 * Writes records as `ts=… level=info msg="order placed" items=3`: the fields follow in the order in which they were bound and
 * logged, and a key that comes twice is there twice. Lists and objects are JSON in quotes. Throws a TypeError for a key of
 * `options` that is no text, is empty, or is there twice.
 */
export function logfmtSink(to: LineWriter, options?: LogfmtOptions): Sink {
  return new LogfmtSink(to, options)
}

class LogfmtSink implements Sink {
  readonly #to: LineWriter
  readonly #timestamp = timestamps()
  readonly #time: string
  /** The level and the message. */
  readonly #heads: Readonly<Record<Level, Remembered<string>>>
  /** Whether lines begin with the time or the level, which have no space before them then. */
  readonly #hasHead: boolean
  /** ` key=`, with the space before it. */
  readonly #keys = new Remembered((key) => ` ${keyText(key)}=`)
  readonly #render = (bound: BoundFields): string =>
    flat((bound.parent?.rendered(this, this.#render) ?? '') + this.#pairs(bound.fields))

  constructor(to: LineWriter, options?: LogfmtOptions) {
    const { time, level, message } = lineKeys(options)
    this.#to = checkWriter(to)
    this.#time = time === undefined ? '' : `${keyText(time)}=`
    const levelKey = level === undefined ? '' : `${time === undefined ? '' : ' '}${keyText(level)}=`
    const messageKey = ` ${keyText(message)}=`
    const heads = (name: Level) =>
      new Remembered((text) => flat((levelKey && levelKey + name) + (text && messageKey + valueText(text))))
    this.#heads = { debug: heads('debug'), info: heads('info'), warn: heads('warn'), error: heads('error') }
    this.#hasHead = time !== undefined || level !== undefined
  }

  get dropped(): number {
    return this.#to.dropped ?? 0
  }

  write({ at, level, message, bound, fields }: LogRecord): void {
    const head = this.#heads[level].of(message)
    let line = this.#time === '' ? head : this.#time + this.#timestamp(at) + head
    if (bound !== undefined) line += bound.rendered(this, this.#render)
    if (fields !== undefined) line += this.#pairs(fields)
    // To cut a line costs more than the rest of it: V8 has to copy what it only linked until then.
    this.#to.write(this.#hasHead ? `${line}\n` : `${line.slice(1)}\n`)
  }

  async flush(): Promise<void> {
    await this.#to.flush?.()
  }

  #pairs(fields: LogFields): string {
    let pairs = ''
    for (const key in fields) {
      const value = fields[key]
      if (value !== undefined) pairs += this.#keys.of(key) + textual(value)
    }
    return pairs
  }
}

function textual(value: LogValue): string {
  if (typeof value === 'string') return valueText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === null ? 'null' : valueText(textOf(value))
}
