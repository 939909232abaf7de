// The console sink: records for people at a terminal.
import type { InspectColor } from 'node:util'
import type { Level } from '../level.ts'
import { checkWriter, type LineWriter } from '../line-writer.ts'
import { allFields, type LogRecord } from '../log-record.ts'
import { LoggedError, type LogValue } from '../log-value.ts'
import type { Sink } from '../sink.ts'
import { errorLines } from './error-lines.ts'
import { type Paint, paintFor } from './paint.ts'
import { isTree, keyText, linesOf, treeLines, valueText } from './text.ts'

/** How records look. */
export interface ConsoleOptions {
  /** Whether there are colours. @default on a terminal, as far as NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR let it */
  readonly color?: boolean | undefined
}

/**
 * Writes records as `17:04:05.123 INFO  order placed   items=3`, with the time of day where the process runs. Errors with their
 * stacks and causes, texts of several lines and values too long for the line follow on lines of their own. Nothing that is
 * logged reaches the terminal as a control character. Throws a TypeError for an option that is no boolean.
 */
export function consoleSink(to: LineWriter, options?: ConsoleOptions): Sink {
  return new ConsoleSink(to, paintFor(checkWriter(to), options?.color))
}

/** Messages are padded to this, so that fields begin in one column. */
const messageChars = 32
const longestInLine = 80
const indent = '    '
const colors: Readonly<Record<Level, InspectColor>> = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' }

class ConsoleSink implements Sink {
  readonly #to: LineWriter
  readonly #paint: Paint
  readonly #levels: Readonly<Record<Level, string>>

  constructor(to: LineWriter, paint: Paint) {
    this.#to = to
    this.#paint = paint
    const text = (level: Level) => paint(colors[level], level.toUpperCase().padEnd(5))
    this.#levels = { debug: text('debug'), info: text('info'), warn: text('warn'), error: text('error') }
  }

  get dropped(): number {
    return this.#to.dropped ?? 0
  }

  write(record: LogRecord): void {
    const [message, ...below] = linesOf(record.message)
    const pairs: string[] = []
    for (const [key, value] of Object.entries(allFields(record))) {
      const lines = linesBelow(keyText(key), value)
      below.push(...lines)
      if (lines.length === 0) pairs.push(`${this.#paint('cyan', keyText(key))}=${valueText(value)}`)
    }
    const head = [this.#paint('gray', timeOfDay(record.at)), this.#levels[record.level]]
    if (message !== '') head.push(pairs.length > 0 ? message.padEnd(messageChars) : message)
    const lines = [[...head, ...pairs].join(' ').trimEnd(), ...below.map((line) => indent + this.#shaded(line))]
    this.#to.write(`${lines.join('\n')}\n`)
  }

  /** What a stack is for is its first line, nearly always. */
  #shaded(line: string): string {
    return /^ +at /.test(line) ? this.#paint('gray', line) : line
  }

  async flush(): Promise<void> {
    await this.#to.flush?.()
  }
}

/** A field that has no place in the line; no lines for all others. */
function linesBelow(key: string, value: LogValue): readonly string[] {
  if (value instanceof LoggedError) return errorLines(key, value.details)
  if (typeof value === 'string' && value.includes('\n'))
    return [`${key}:`, ...linesOf(value).map((line) => `  ${line}`)]
  const text = valueText(value)
  if (text.length <= longestInLine) return []
  return isTree(value) ? [`${key}:`, ...treeLines(value).map((line) => `  ${line}`)] : [`${key}=${text}`]
}

function timeOfDay(at: number): string {
  const moment = new Date(at)
  if (Number.isNaN(Number(moment))) return 'Invalid Date'
  const two = (n: number) => String(n).padStart(2, '0')
  const ms = String(moment.getMilliseconds()).padStart(3, '0')
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${ms}`
}
