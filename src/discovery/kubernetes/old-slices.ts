// Removes what registrars left that died without a word, long ago: nobody else does.
import type { Clock } from '../../core/clock.ts'
import { labels, manager } from './endpoint-slice.ts'
import { leaseOf } from './lease.ts'
import { listSlices } from './slice-list.ts'
import type { SlicesApi } from './slices-api.ts'

const timeoutMs = 10_000

/** Looks once for each service. Disposing it ends that. */
export class OldSlices implements AsyncDisposable {
  readonly #api: SlicesApi
  readonly #clock: Clock
  readonly #afterMs: number
  readonly #services = new Set<string>()
  readonly #stop = new AbortController()
  #removing: Promise<unknown> = Promise.resolve()

  constructor(api: SlicesApi, clock: Clock, afterMs: number) {
    this.#api = api
    this.#clock = clock
    this.#afterMs = afterMs
  }

  /** In the background. A registry that fails or refuses keeps them for another one to remove: nothing depends on it. */
  removeOnce(service: string): void {
    if (this.#afterMs === Infinity || this.#services.has(service)) return
    this.#services.add(service)
    this.#removing = Promise.allSettled([this.#removing, this.#remove(service)])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the registrar was closed'))
    await this.#removing
  }

  async #remove(service: string): Promise<void> {
    const { signal } = this.#stop
    const selector = `${labels.service}=${service},${labels.managedBy}=${manager}`
    const { slices } = await listSlices(this.#api, { selector, signal, timeoutMs, name: 'kubernetes' })
    const oldAt = this.#clock.wallNow() - this.#afterMs
    for (const slice of slices) {
      const lease = leaseOf(slice)
      if (lease === undefined || lease.renewedAt + lease.ttlMs > oldAt) continue
      const { name, uid = '', resourceVersion = '' } = slice.metadata
      // Unless it was renewed meanwhile.
      await this.#api.remove(name, signal, { uid, resourceVersion })
    }
  }
}
