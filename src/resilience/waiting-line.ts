// Waiters of equal importance, in the order in which they came: a list that any of them can leave from the middle.

/** A place in a line. */
export interface InLine {
  older: InLine | undefined
  newer: InLine | undefined
}

/** A doubly linked list of waiters, which knows its two ends. */
export class WaitingLine<W extends InLine> {
  /** The larger, the sooner its waiters have their turn. */
  readonly priority: number
  #oldest: W | undefined = undefined
  #newest: W | undefined = undefined

  constructor(priority: number) {
    this.priority = priority
  }

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
    if (older === undefined) this.#oldest = newer as W | undefined
    else older.newer = newer
    if (newer === undefined) this.#newest = older as W | undefined
    else newer.older = older
    waiter.older = undefined
    waiter.newer = undefined
  }
}
