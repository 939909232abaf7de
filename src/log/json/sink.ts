// The JSON sink: a record is one object on one line, which every collector takes.
import { flat } from '../../primitives/flat.ts'
import { Remembered } from '../../primitives/remembered.ts'
import type { Level } from '../level.ts'
import { type LineKeys, lineKeys } from '../line-keys.ts'
import { checkWriter, type LineWriter } from '../line-writer.ts'
import { type BoundFields, chainOf, type LogRecord } from '../log-record.ts'
import type { LogFields, LogValue } from '../log-value.ts'
import type { Sink } from '../sink.ts'
import { timestamps } from '../timestamp.ts'
import { jsonText, quoted } from './text.ts'

/** Under which keys a line says what every record has. */
export interface JsonOptions extends LineKeys {}

/**
 * Writes records as `{"ts":"…","level":"info","msg":"order placed","items":3}`: the fields follow in the order in which they
 * were bound and logged. Of a key that comes twice the last value stands in the place of the first, also where that is the
 * time, the level or the message. Errors are objects with stack and causes, bytes are base64, and numbers that JSON lacks
 * are texts. Throws a TypeError for a key that is no text, is empty, or is there twice.
 */
export function jsonSink(to: LineWriter, options?: JsonOptions): Sink {
  return new JsonSink(to, options)
}

/** A key as it is written. */
interface Key {
  /** `,"key":`, with the comma before it. */
  readonly text: string
  /** One of 32, which it shares with others. */
  readonly bit: number
}

/** What a chain of bound fields comes to. */
interface Chain {
  readonly text: string
  /** Of all its keys, and of those that every record has: a key whose bit is not among them is a new one. */
  readonly bits: number
  /** Whether it has another value in place of one that every record has. */
  readonly replaces: boolean
}

class JsonSink implements Sink {
  readonly #to: LineWriter
  readonly #timestamp = timestamps()
  readonly #own: ReturnType<typeof lineKeys>
  /** Up to the text of the time. */
  readonly #time: string
  /** What follows it: the level and the message. */
  readonly #heads: Readonly<Record<Level, Remembered<string>>>
  /** Whether lines begin with the time or the level. */
  readonly #hasHead: boolean
  readonly #keys = new Remembered((key): Key => ({ text: `,${quoted(key)}:`, bit: bitOf(key) }))
  readonly #unbound: Chain
  readonly #render = (bound: BoundFields): Chain => this.#chain(bound)

  constructor(to: LineWriter, options?: JsonOptions) {
    const own = lineKeys(options)
    const { time, level, message } = own
    this.#to = checkWriter(to)
    this.#own = own
    this.#time = time === undefined ? '' : `{${quoted(time)}:"`
    const before = time === undefined ? '{' : '",'
    const levelText = (name: Level) =>
      level === undefined ? (time === undefined ? '' : '"') : `${before}${quoted(level)}:"${name}"`
    const messageKey = this.#keys.of(message).text
    const heads = (name: Level) => new Remembered((text) => flat(levelText(name) + (text && messageKey + quoted(text))))
    this.#heads = { debug: heads('debug'), info: heads('info'), warn: heads('warn'), error: heads('error') }
    this.#hasHead = time !== undefined || level !== undefined
    const bits = [time, level, message].reduce((bits, key) => (key === undefined ? bits : bits | bitOf(key)), 0)
    this.#unbound = { text: '', bits, replaces: false }
  }

  get dropped(): number {
    return this.#to.dropped ?? 0
  }

  write(record: LogRecord): void {
    this.#to.write(this.#line(record))
  }

  async flush(): Promise<void> {
    await this.#to.flush?.()
  }

  #line(record: LogRecord): string {
    const { at, level, message, bound, fields } = record
    const { text, bits, replaces } = bound === undefined ? this.#unbound : bound.rendered(this, this.#render)
    if (replaces) return this.#slowLine(record)
    const head = this.#heads[level].of(message)
    let line = this.#time === '' ? head : this.#time + this.#timestamp(at) + head
    line += text
    if (fields !== undefined) {
      for (const key in fields) {
        const value = fields[key]
        if (value === undefined) continue
        const known = this.#keys.of(key)
        if ((known.bit & bits) !== 0 && (this.#isOwn(key) || isBound(key, bound))) return this.#slowLine(record)
        line += known.text + jsonText(value)
      }
    }
    // To cut a line costs more than the rest of it: V8 has to copy what it only linked until then.
    return this.#hasHead ? `${line}}\n` : `{${line.slice(1)}}\n`
  }

  /** A line in which a key has another value than the first that it would have. */
  #slowLine({ at, level, message, bound, fields }: LogRecord): string {
    const all = new Map<string, LogValue>()
    const { time: timeKey, level: levelKey, message: messageKey } = this.#own
    if (timeKey !== undefined) all.set(timeKey, this.#timestamp(at))
    if (levelKey !== undefined) all.set(levelKey, level)
    if (message !== '') all.set(messageKey, message)
    for (const node of chainOf(bound)) put(all, node.fields)
    if (fields !== undefined) put(all, fields)
    return `{${this.#pairs(all).slice(1)}}\n`
  }

  #chain(bound: BoundFields): Chain {
    const { fields, parent } = bound
    const above = parent?.rendered(this, this.#render) ?? this.#unbound
    const own = put(new Map(), fields)
    let { bits, replaces } = above
    let isAgain = false
    for (const key of own.keys()) {
      const { bit } = this.#keys.of(key)
      bits |= bit
      if ((bit & above.bits) === 0) continue
      replaces ||= this.#isOwn(key)
      isAgain ||= isBound(key, parent)
    }
    if (!isAgain) return { text: flat(above.text + this.#pairs(own)), bits, replaces }
    const all = new Map<string, LogValue>()
    for (const node of chainOf(bound)) put(all, node.fields)
    return { text: flat(this.#pairs(all)), bits, replaces }
  }

  #pairs(all: ReadonlyMap<string, LogValue>): string {
    let pairs = ''
    for (const [key, value] of all) pairs += this.#keys.of(key).text + jsonText(value)
    return pairs
  }

  /** Whether every record has it. */
  #isOwn(key: string): boolean {
    const { time, level, message } = this.#own
    return key === time || key === level || key === message
  }
}

function bitOf(key: string): number {
  let sum = 0
  for (let i = 0; i < key.length; i++) sum += key.charCodeAt(i)
  return 1 << (sum % 32)
}

/** The last value of a key, in the place of the first. A value that is undefined is none. */
function put(all: Map<string, LogValue>, fields: LogFields): Map<string, LogValue> {
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined) all.set(key, value)
  }
  return all
}

function isBound(key: string, bound: BoundFields | undefined): boolean {
  for (let node = bound; node !== undefined; node = node.parent) {
    if (node.fields[key] !== undefined && Object.hasOwn(node.fields, key)) return true
  }
  return false
}
