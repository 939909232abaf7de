// Who is called before metrics are read or sent.
import { tell } from '../core/tell.ts'

/** What `onCollect` was given. */
export class Readers {
  readonly #readers = new Set<() => void>()
  #areCalled = false

  /** Calls it from now on, until it is disposed. */
  add(read: () => void): Disposable {
    // Each has an entry of its own, even where two are the same function.
    const reader = () => read()
    this.#readers.add(reader)
    return { [Symbol.dispose]: () => void this.#readers.delete(reader) }
  }

  /** Calls all, whatever one of them throws; not once more for a reader who collects himself, to see how large a page is, say. */
  call(): void {
    if (this.#areCalled) return
    this.#areCalled = true
    for (const read of this.#readers) tell(read, undefined)
    this.#areCalled = false
  }
}
