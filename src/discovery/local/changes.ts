// Changes: what to look at again, gathered while somebody looks, and a wait for the next of it.
import type { Clock } from '../../core/clock.ts'

// So many are a reason to look at everything, in one reading of the folder.
const most = 1_000

/** The names of what has changed since they were last taken. */
export class Changes {
  readonly #clock: Clock
  #names = new Set<string>()
  #isAll = false
  #wake: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something has changed; undefined for anything. */
  add(name: string | undefined): void {
    if (name === undefined || this.#names.size >= most) this.#isAll = true
    else this.#names.add(name)
    this.#wake?.()
  }

  /** Gives what has changed until then: undefined for anything, which it says at a moment of the clock at the latest. */
  async take(until: number, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    if (!this.#isAll && this.#names.size === 0) await this.#wait(until, signal)
    const names = this.#isAll || this.#clock.now() >= until ? undefined : this.#names
    this.#names = new Set()
    this.#isAll = false
    return names
  }

  async #wait(until: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const over = Promise.withResolvers<void>()
    this.#wake = over.resolve
    const timer = this.#clock.scheduleAt(until, { run: over.resolve }, { background: true })
    signal.addEventListener('abort', this.#wake)
    await over.promise
    timer.cancel()
    signal.removeEventListener('abort', this.#wake)
    this.#wake = undefined
  }
}
