// A binary heap of things that carry the number they are ordered by, so that each step compares two fields and calls nothing.

/** What can be put into a heap. Both stay as they are while it is there. */
export interface Keyed {
  /** The lowest comes first. */
  readonly key: number
  /** Which one of equal keys comes first: the one with the lower rank. */
  readonly rank: number
}

/** Gives the lowest of what is in it. Adding and taking one out takes about log n steps. */
export class KeyedHeap<T extends Keyed> {
  readonly #entries: T[] = []

  get size(): number {
    return this.#entries.length
  }

  /** The lowest one; undefined when there is none. */
  get lowest(): T | undefined {
    return this.#entries[0]
  }

  push(entry: T): void {
    const entries = this.#entries
    let place = entries.length
    entries.push(entry)
    while (place > 0) {
      const up = (place - 1) >> 1
      const above = entries[up] as T
      if (!isBefore(entry, above)) break
      entries[place] = above
      place = up
    }
    entries[place] = entry
  }

  /** Takes the lowest one out; undefined when there is none. */
  pop(): T | undefined {
    const entries = this.#entries
    const lowest = entries[0]
    const last = entries.pop()
    if (last === undefined || entries.length === 0) return lowest
    let place = 0
    for (let down = 1; down < entries.length; down = 2 * place + 1) {
      let below = entries[down] as T
      const beside = entries[down + 1]
      if (beside !== undefined && isBefore(beside, below)) {
        below = beside
        down++
      }
      if (!isBefore(below, last)) break
      entries[place] = below
      place = down
    }
    entries[place] = last
    return lowest
  }
}

function isBefore(one: Keyed, other: Keyed): boolean {
  return one.key < other.key || (one.key === other.key && one.rank < other.rank)
}
