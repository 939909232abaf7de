// InstanceWatch: one subscription to a source of instances from its beginning to its end, through all failures.
import type { Clock } from '../core/clock.ts'
import { within } from '../core/within.ts'
import { errorOf } from './error-of.ts'
import { checkInstance, type Instance, inOrder } from './instance.ts'

/**
 * What an adapter is: a function that yields the whole set at first and after each change, until `signal` aborts. It throws when the
 * registry fails, and is called again after a while; what it yields need not be sorted, and may be what it yielded before.
 */
export type InstanceSource = (signal: AbortSignal) => AsyncIterable<readonly Instance[]>

const background = { background: true }

/** Who hears of a watch. */
export interface InstanceWatchOptions {
  readonly clock: Clock
  /** How long to wait before it is called again, in milliseconds, by how often it has failed in a row before. */
  readonly delayMs: (attempt: number) => number
  /** The source has said who there is: in order, and each once. */
  readonly onSnapshot: (instances: readonly Instance[]) => void
  /** The source has failed, so many times in a row; it is called again after so many milliseconds. */
  readonly onFailure: (error: Error, failures: number, retryInMs: number) => void
}

/** One subscription from its beginning to its end, through all failures. */
export class InstanceWatch {
  readonly #source: InstanceSource
  readonly #options: InstanceWatchOptions
  readonly #stopping = new AbortController()
  #wake: (() => void) | undefined
  #failures = 0

  constructor(source: InstanceSource, options: InstanceWatchOptions) {
    this.#source = source
    this.#options = options
  }

  /** Lets the source go; `run` resolves then. */
  stop(): void {
    this.#stopping.abort(new Error('nobody asks for these instances any more'))
    this.#wake?.()
  }

  /** Resolves when it has been stopped and the source has let go, or a second later. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
        if (!signal.aborted) throw new Error('the lookup ended')
      } catch (thrown) {
        if (!signal.aborted) await this.#rest(thrown)
      }
    }
  }

  /** Leaving the loop lets the source clean up; one that does not come to an end is left behind. */
  async #follow(signal: AbortSignal): Promise<void> {
    const snapshots = this.#source(signal)[Symbol.asyncIterator]()
    let stop = () => {}
    const stopped = () => stop()
    signal.addEventListener('abort', stopped, { once: true })
    try {
      for (;;) {
        // One for each snapshot: a promise that lasts as long as the watch would keep something of each. What a source that was left behind throws,
        // nobody hears.
        const next = Promise.withResolvers<IteratorResult<readonly Instance[]>>()
        stop = () => next.resolve({ done: true, value: undefined })
        snapshots.next().then(next.resolve, next.reject)
        // Whoever was told, or asked, may have stopped it.
        if (signal.aborted) stop()
        const { done, value } = await next.promise
        if (done === true || signal.aborted) return
        const instances = checked(value)
        this.#failures = 0
        this.#options.onSnapshot(instances)
      }
    } finally {
      signal.removeEventListener('abort', stopped)
      await this.#letGo(snapshots)
    }
  }

  /** A source gets a second to let go of what it holds: one that does not hear the signal must not keep others from their end. */
  async #letGo(snapshots: AsyncIterator<unknown>): Promise<void> {
    const late = () => new Error('the source did not end')
    const end = Promise.resolve(snapshots.return?.())
    await within(end, { clock: this.#options.clock, limitMs: 1_000, background: true, late }).catch(() => {})
  }

  #rest(thrown: unknown): Promise<void> {
    const delayMs = this.#options.delayMs(this.#failures)
    this.#failures++
    return new Promise((resolve) => {
      const timer = this.#options.clock.schedule(delayMs, resolve, background)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
      this.#options.onFailure(errorOf(thrown), this.#failures, delayMs)
    })
  }
}

/** What a source gave, in order. Throws an Error for what is no set of instances: then all that is known stays. */
function checked(snapshot: unknown): readonly Instance[] {
  if (!Array.isArray(snapshot)) throw new Error('the registry gave no list of instances')
  for (const instance of snapshot) {
    try {
      checkInstance(instance)
    } catch (thrown) {
      throw new Error('the registry gave an instance that makes no sense', { cause: thrown })
    }
  }
  return inOrder(snapshot)
}
