// A registry that says what a test tells it to, at once.
import type { Instance } from '../../src/discovery/instance.ts'
import { instanceAt } from '../../src/discovery/instance.ts'
import { type Instancer, type InstancerOptions, instancerFrom } from '../../src/discovery/instancer.ts'
import type { ManualClock } from '../../src/testing/manual-clock.ts'

/** What it has said, and who listens. */
export class PlayedRegistry {
  readonly clock: ManualClock
  readonly instancer: Instancer
  /** How many lookups are under way. */
  open = 0
  #said: readonly Instance[] | undefined
  #news = Promise.withResolvers<void>()

  constructor(clock: ManualClock, options?: InstancerOptions) {
    this.clock = clock
    this.instancer = instancerFrom('addsvc in a test', (signal) => this.#watch(signal), { clock, ...options })
  }

  /** Says that these are all; texts are addresses. */
  async say(...instances: readonly (string | Instance)[]): Promise<void> {
    this.#said = instances.map((each) => (typeof each === 'string' ? instanceAt(each) : each))
    this.#tell()
    await this.clock.advance(0)
  }

  async fail(error: Error): Promise<void> {
    this.#said = undefined
    const news = this.#news
    this.#news = Promise.withResolvers()
    // Nobody may be asking.
    news.promise.catch(() => {})
    news.reject(error)
    await this.clock.advance(0)
  }

  #tell(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<readonly Instance[]> {
    this.open++
    const stopped = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => stopped.resolve(), { once: true })
    try {
      while (!signal.aborted) {
        const news = this.#news.promise
        if (this.#said !== undefined) yield this.#said
        await Promise.race([news, stopped.promise])
      }
    } finally {
      this.open--
    }
  }
}
