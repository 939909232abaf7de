// Gauge: what goes up and down, like calls in flight. Whether values of several hosts may be added depends on what it is.

/** Holds a value that goes up and down. */
export interface Gauge {
  /** Sets the value, whatever number it is: NaN and Infinity too, which receivers show, refuse or leave out. */
  set(value: number): void
  /** Adds `amount`, which may be negative; what is not a finite number is left out. */
  add(amount: number): void
}

/** One series of a gauge in memory. */
export class GaugeSeries implements Gauge {
  readonly values: readonly string[]
  #value = 0

  constructor(values: readonly string[]) {
    this.values = values
  }

  get value(): number {
    return this.#value
  }

  set(value: number): void {
    this.#value = Number(value)
  }

  add(amount: number): void {
    if (Number.isFinite(amount)) this.#value += amount
  }
}
