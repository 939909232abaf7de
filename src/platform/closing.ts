// The end of whatever serves: `close` runs once, `closed` waits for it, and a signal is one way to get there.
import { onStopSignal } from './signals.ts'

// The longest that a timer can be set for. A clock would wake an idle server again and again for the same hold.
const farMs = 2 ** 31 - 1

/** The end of one server or app. */
export class Closing {
  readonly #close: () => Promise<void>
  readonly #end = Promise.withResolvers<void>()
  #watch: Disposable | undefined
  #begun = false

  /** `close` is called once at most. */
  constructor(close: () => Promise<void>) {
    this.#close = close
    // Nobody may be waiting for `closed`; whoever called `close` has the failure.
    this.#end.promise.catch(() => {})
  }

  /** Resolves at the end, or rejects when closing failed. The first reader has signals begin the end, and the process stay up until then. */
  get closed(): Promise<void> {
    if (!this.#begun) this.#watch ??= watchSignals(() => void this.close().catch(() => {}))
    return this.#end.promise
  }

  close(): Promise<void> {
    if (!this.#begun) {
      this.#begun = true
      new Promise<void>((resolve) => resolve(this.#close()))
        .finally(() => this.#watch?.[Symbol.dispose]())
        .then(this.#end.resolve, this.#end.reject)
    }
    return this.#end.promise
  }
}

function watchSignals(stop: () => void): Disposable {
  const hold = setInterval(() => {}, farMs)
  const signals = onStopSignal(stop)
  return {
    [Symbol.dispose]() {
      clearInterval(hold)
      signals[Symbol.dispose]()
    },
  }
}
