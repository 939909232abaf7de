// Lines with several values each, as in `took:1:2:3|d`: name and tags are sent once for all that was observed within a moment.
import type { Clock, Task, Timer } from '../../core/clock.ts'
import type { Line } from './line-format.ts'
import type { LineWriter } from './line-series.ts'

const longestWaitMs = 100
const background = { background: true }

/** Collects the values of each line until it is full, or its first value has waited for 100 ms. */
export class Packs implements Task {
  readonly #writer: LineWriter
  readonly #maxBytes: number
  readonly #clock: Clock
  readonly #begun: Pack[] = []
  #timer: Timer | undefined

  /** A line has at most `maxBytes`, unless one value alone is longer. */
  constructor(writer: LineWriter, maxBytes: number, clock: Clock) {
    this.#writer = writer
    this.#maxBytes = maxBytes
    this.#clock = clock
  }

  /** Takes the values of a line, as text. */
  of({ before, after, extraBytes }: Line): LineWriter {
    // The line feed stays at home.
    const room = this.#maxBytes - before.length - after.length - extraBytes + 1
    return new Pack(
      room,
      (values) => this.#writer.write(`${before}${values}${after}`, extraBytes),
      (pack) => this.#begin(pack),
    )
  }

  /** Writes all that was begun. */
  write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const pack of this.#begun.splice(0)) pack.end()
  }

  /** Time is up for the first of them. */
  run(): void {
    this.write()
  }

  #begin(pack: Pack): void {
    this.#begun.push(pack)
    this.#timer ??= this.#clock.scheduleAt(this.#clock.now() + longestWaitMs, this, background)
  }
}

class Pack implements LineWriter {
  readonly #room: number
  readonly #write: (values: string) => void
  readonly #onBegin: (pack: Pack) => void
  #values = ''

  constructor(room: number, write: (values: string) => void, onBegin: (pack: Pack) => void) {
    this.#room = room
    this.#write = write
    this.#onBegin = onBegin
  }

  write(value: string): void {
    if (this.#values === '') {
      this.#values = value
      this.#onBegin(this)
    } else if (this.#values.length + value.length < this.#room) {
      this.#values += `:${value}`
    } else {
      this.#write(this.#values)
      this.#values = value
    }
  }

  end(): void {
    this.#write(this.#values)
    this.#values = ''
  }
}
