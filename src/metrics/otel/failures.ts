// What a meter throws at: it stops nobody who measures, and is counted.

/** Calls a meter such that nothing comes back. */
export class Failures {
  #count = 0
  #last: unknown

  /** How many measurements were lost. */
  get count(): number {
    return this.#count
  }

  /** What was thrown last; undefined where nothing ever was. */
  get last(): unknown {
    return this.#last
  }

  add(thrown: unknown): void {
    this.#count++
    this.#last = thrown
  }

  /** What it makes; undefined where that throws. */
  made<T>(make: () => T): T | undefined {
    try {
      return make()
    } catch (thrown) {
      this.add(thrown)
      return undefined
    }
  }
}
