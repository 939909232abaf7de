// How many series a metric may have: what is over is counted together, in series that keep the labels whose sums must stay true.
import type { CheckedSpec } from './metric-spec.ts'

/** The value that labels have in an overflow series. */
export const overflowValue = '__overflow__'

/**
 * Decides where a new series goes. Up to `maxSeries` it is admitted as it is. Then its labels become `__overflow__`, but for
 * those that the spec keeps; and should even these go beyond as many series again, all labels of further ones do. So there are
 * never more than `2 * maxSeries + 1`, and a sum over all series is always the true one.
 */
export class Cardinality {
  readonly #spec: CheckedSpec
  readonly #isKept: readonly boolean[]
  readonly #onOverflow: (metric: string) => void
  #size = 0
  #hasWarned = false

  constructor(spec: CheckedSpec, onOverflow: (metric: string) => void) {
    this.#spec = spec
    this.#isKept = spec.labels.map((label) => spec.keep.includes(label))
    this.#onOverflow = onOverflow
  }

  /** How many series there are. */
  get size(): number {
    return this.#size
  }

  /** The label values under which a series that is not there yet is counted; `isThere` tells whether another one is. */
  admit(values: readonly string[], isThere: (values: readonly string[]) => boolean): readonly string[] {
    const { maxSeries, name } = this.#spec
    if (this.#size < maxSeries) return values
    if (!this.#hasWarned) {
      this.#hasWarned = true
      this.#onOverflow(name)
    }
    const kept = values.map((value, index) => (this.#isKept[index] ? value : overflowValue))
    return this.#size < 2 * maxSeries || isThere(kept) ? kept : values.map(() => overflowValue)
  }

  /** A series was made. */
  add(): void {
    this.#size++
  }

  /** A series was forgotten. */
  remove(): void {
    this.#size--
  }
}
