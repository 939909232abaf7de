// One series of a histogram or summary: each value is a line, for StatsD takes them one by one.
import type { Random } from '../../primitives/random.ts'
import type { Histogram } from '../histogram.ts'
import type { TimingLine } from './line-format.ts'
import type { LineSeries, LineWriter } from './line-series.ts'
import { millisecondsText } from './milliseconds.ts'

/** Which observations are sent. */
export interface Sampling {
  /** The share of them. */
  readonly sampleRatio: number
  readonly random: Random
}

/** Writes each value at once. What is not a finite number is left out. */
export class TimingLines implements Histogram, LineSeries {
  readonly #line: TimingLine
  readonly #writer: LineWriter
  readonly #random: Random
  #sampleRatio: number

  constructor(line: TimingLine, { sampleRatio, random }: Sampling, writer: LineWriter) {
    this.#line = line
    this.#writer = writer
    this.#sampleRatio = sampleRatio
    this.#random = random
  }

  observe(value: number): void {
    if (this.#sampleRatio < 1 && this.#random() >= this.#sampleRatio) return
    const { before, after, extraBytes, millisecondsPer } = this.#line
    // Of a text or a bigint, which programs without types may give.
    const written = Number(value) * (millisecondsPer ?? 1)
    if (!Number.isFinite(written)) return
    const text = millisecondsPer === undefined ? `${written}` : millisecondsText(written)
    this.#writer.write(`${before}${text}${after}`, extraBytes)
  }

  write(): void {}

  /** Sampled with a share of nothing. */
  end(): void {
    this.#sampleRatio = 0
  }
}
