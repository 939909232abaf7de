// One series of a gauge: the value that it has, whenever it was set.
import type { Gauge } from '../gauge.ts'
import type { Line } from './line-format.ts'
import type { LineSeries, LineWriter } from './line-series.ts'

/** Keeps its value when it is sent. A value that is no finite number is not sent. */
export class GaugeValue implements Gauge, LineSeries {
  readonly #line: Line
  readonly #writer: LineWriter
  readonly #signAdds: boolean
  #value = 0
  #isTouched = false
  /** Somebody has set it, ever: before that it is not known. */
  #isKnown = false

  /** `signAdds` as in the format of the line. */
  constructor(line: Line, signAdds: boolean, writer: LineWriter) {
    this.#line = line
    this.#writer = writer
    this.#signAdds = signAdds
  }

  set(value: number): void {
    // Of a text or a bigint, which programs without types may give.
    this.#value = Number(value)
    this.#isTouched = true
  }

  add(amount: number): void {
    if (!Number.isFinite(amount)) return
    this.#value += amount
    this.#isTouched = true
  }

  write(again: boolean): void {
    if (!this.#isTouched && !(again && this.#isKnown)) return
    this.#isTouched = false
    this.#isKnown = true
    const value = this.#value
    if (!Number.isFinite(value)) return
    const { before, after, extraBytes } = this.#line
    const line = `${before}${value}${after}`
    // In one text, so that no packet ends between the two: the gauge would stay at zero, or be taken down twice.
    if (value < 0 && this.#signAdds) this.#writer.write(`${before}0${after}${line}`, 2 * extraBytes)
    else this.#writer.write(line, extraBytes)
  }

  end(): void {}
}
