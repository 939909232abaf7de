// A copy of what a Eureka has, which several instancers share: one request at a time, and one at each interval.
import { ServiceError } from '../../core/errors.ts'
import { pause } from '../../core/pause.ts'
import { HttpService } from '../../platform/http-service.ts'
import type { CheckedHttpService } from '../../platform/http-service-options.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Random, systemRandom } from '../../primitives/random.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { checkedEureka, type EurekaConnectionOptions } from './connection.ts'
import type { InstanceInfo } from './instance-info.ts'
import { RegistryCopy, type RegistryCopyOptions } from './registry-copy.ts'

export type { RequesterTls } from './connection.ts'
export type { InstanceInfo } from './instance-info.ts'

/** Which registry is copied, and how often. */
export interface EurekaRegistryOptions extends EurekaConnectionOptions {
  /** How often it is asked what has changed, in milliseconds; at least 10. Each time up to a fifth earlier or later, so that a fleet does not ask at once. Above 120_000 all is read each time. @default 30_000, as Eureka's own clients */
  readonly pollIntervalMs?: number | undefined
  /** After how long all is read again although nothing seems to be missing, in milliseconds; 0 for each time, without deltas. The hash of a delta only counts instances by status. @default 600_000 */
  readonly refreshMs?: number | undefined
  /** How long an answer may take, in milliseconds; at least 1. @default 10_000 */
  readonly timeoutMs?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/** A copy of a registry, for `eurekaInstancer`. It asks, and holds connections, only while an instancer follows it: there is nothing to dispose. */
export interface EurekaRegistry {
  /** `eureka at http://127.0.0.1:8761/eureka`. */
  readonly name: string
  /** Gives the instances of an application after each update, until the signal aborts; throws when the registry fails. */
  follow(app: string, signal: AbortSignal): AsyncIterable<readonly InstanceInfo[]>
}

/** A copy of a whole registry, for instancers of several services. Throws a TypeError or RangeError for an option that makes no sense. */
export function eurekaRegistry(options: EurekaRegistryOptions = {}): EurekaRegistry {
  return new SharedRegistry(options, () => true)
}

/** A copy of which only one application is kept, and the number of all others. */
export function registryOf(service: string, options: EurekaRegistryOptions): EurekaRegistry {
  const wanted = service.toUpperCase()
  return new SharedRegistry(options, (app) => app === wanted)
}

/** What runs while somebody follows. */
interface Run {
  readonly service: HttpService
  readonly stop: AbortController
  copy: RegistryCopy
  updating: Promise<RegistryCopy> | undefined
  dueAt: number
}

class SharedRegistry implements EurekaRegistry {
  readonly name: string
  readonly #checked: CheckedHttpService
  readonly #copied: Pick<RegistryCopyOptions, 'timeoutMs' | 'refreshMs' | 'wants'>
  readonly #delayMs: () => number
  #followers = 0
  #run: Run | undefined

  constructor(options: EurekaRegistryOptions, wants: (app: string) => boolean) {
    const { pollIntervalMs = 30_000, refreshMs = 600_000, timeoutMs = 10_000, random = systemRandom } = options
    this.#checked = checkedEureka(options)
    this.name = this.#checked.name
    checkNumber('pollIntervalMs', pollIntervalMs, { min: 10, max: 2 ** 31 - 1 })
    this.#delayMs = () => pollIntervalMs * (0.8 + 0.4 * random())
    this.#copied = {
      timeoutMs: checkNumber('timeoutMs', timeoutMs, { min: 1, max: 2 ** 31 - 1 }),
      refreshMs: checkNumber('refreshMs', refreshMs, { min: 0 }),
      wants,
    }
  }

  async *follow(service: string, signal: AbortSignal): AsyncGenerator<readonly InstanceInfo[]> {
    const app = service.toUpperCase()
    const { clock } = this.#checked
    const run = this.#enter()
    try {
      for (let isFirst = true; !signal.aborted; isFirst = false) {
        const copy = await unlessAborted(this.#upToDate(run), signal)
        const lost = isFirst ? 0 : copy.lost(app)
        if (lost > 0)
          throw new ServiceError('data_loss', `${this.name} has lost ${lost} instances of ${service} without a word`)
        yield copy.known.of(app)
        await pause(clock, run.dueAt - clock.now(), signal)
      }
    } finally {
      await this.#leave()
    }
  }

  /** All who ask while it is under way share an update. */
  #upToDate(run: Run): Promise<RegistryCopy> {
    if (this.#checked.clock.now() < run.dueAt) return Promise.resolve(run.copy)
    run.updating ??= this.#update(run).finally(() => {
      run.updating = undefined
    })
    return run.updating
  }

  async #update(run: Run): Promise<RegistryCopy> {
    const { copy } = run
    try {
      await copy.update(run.stop.signal)
    } catch (thrown) {
      run.copy = this.#copyOf(run.service)
      throw thrown
    }
    run.dueAt = this.#checked.clock.now() + this.#delayMs()
    return copy
  }

  #enter(): Run {
    this.#followers++
    if (this.#run !== undefined) return this.#run
    const service = new HttpService(this.#checked)
    const stop = new AbortController()
    this.#run = { service, stop, copy: this.#copyOf(service), updating: undefined, dueAt: -Infinity }
    return this.#run
  }

  async #leave(): Promise<void> {
    if (--this.#followers > 0 || this.#run === undefined) return
    const { service, stop } = this.#run
    this.#run = undefined
    stop.abort(new Error('nobody follows the registry any more'))
    await service[Symbol.asyncDispose]()
  }

  #copyOf(service: HttpService): RegistryCopy {
    const now = () => this.#checked.clock.now()
    return new RegistryCopy({ ...this.#copied, service, name: this.name, now })
  }
}
