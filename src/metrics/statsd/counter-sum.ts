// One series of a counter: what was added since it was last sent.
import type { Counter } from '../counter.ts'
import type { Line } from './line-format.ts'
import type { LineSeries, LineWriter } from './line-series.ts'

/** Adds up, so that however often something is counted, one line an interval says it. */
export class CounterSum implements Counter, LineSeries {
  readonly #line: Line
  readonly #writer: LineWriter
  #sum = 0

  constructor(line: Line, writer: LineWriter) {
    this.#line = line
    this.#writer = writer
  }

  add(amount = 1): void {
    // Written so that NaN, for which every comparison is false, is left out.
    // A text, which programs without types may give, would be put behind the digits, and a bigint would throw later.
    if (amount >= 0 && amount < Infinity) this.#sum += Number(amount)
  }

  write(): void {
    const sum = Math.min(this.#sum, Number.MAX_VALUE)
    this.#sum = 0
    const { before, after, extraBytes } = this.#line
    if (sum > 0) this.#writer.write(`${before}${sum}${after}`, extraBytes)
  }

  /** What was counted before must not be missing in sums over all series. */
  end(): void {
    this.write()
  }
}
