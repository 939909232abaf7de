// WaitingLine: those who wait, in the order in which they came; a list that any of them can leave from the middle.

/** A place in a line. */
export interface InLine<W> {
  older: W | undefined
  newer: W | undefined
}

/** A doubly linked list of waiters, which knows its two ends. */
export class WaitingLine<W extends InLine<W>> {
  #oldest: W | undefined = undefined
  #newest: W | undefined = undefined

  /** Who came first; undefined when nobody is here. */
  get oldest(): W | undefined {
    return this.#oldest
  }

  /** Who came last; undefined when nobody is here. */
  get newest(): W | undefined {
    return this.#newest
  }

  /** Adds one at the end. */
  append(waiter: W): void {
    waiter.older = this.#newest
    if (this.#newest === undefined) this.#oldest = waiter
    else this.#newest.newer = waiter
    this.#newest = waiter
  }

  /** Takes out one that is in this line. */
  remove(waiter: W): void {
    const { older, newer } = waiter
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    waiter.older = undefined
    waiter.newer = undefined
  }
}
