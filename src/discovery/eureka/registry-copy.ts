// RegistryCopy: how a copy of a registry is kept up to date: all of it at first, then what has changed, and all again where that does not do.
import type { Code } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'
import type { HttpService } from '../../platform/http-service.ts'
import { type Applications, applicationsIn } from './applications.ts'
import { KnownInstances } from './known-instances.ts'

/** How a registry is copied. */
export interface RegistryCopyOptions {
  readonly service: Pick<HttpService, 'ask'>
  /** As it is named in errors. */
  readonly name: string
  now(): number
  /** How long one reply may take, in milliseconds. */
  readonly timeoutMs: number
  /** After how long all is read again although no delta was missed, in milliseconds. */
  readonly refreshMs: number
  /** The applications, in upper case, that somebody may ask for. */
  wants(app: string): boolean
}

/**
 * A server tells a change for 3 min (`retentionTimeInMSInDeltaQueue`), by answers that may be 30 s old (`responseCacheUpdateIntervalMs`): who has not asked for
 * longer than the difference may have missed one, which the hash need not show.
 */
const deltaWindowMs = 150_000

const withoutDeltas: readonly Code[] = ['permission_denied', 'not_found']

// An instance has some 1.2 kB.
const maxReplyBytes = 64 * 1024 * 1024

/** A copy of a registry. Once an update has failed it is worth nothing: what failed may come back as another one. */
export class RegistryCopy {
  readonly #options: RegistryCopyOptions
  #known: KnownInstances | undefined
  /** What was known before all was read again, because deltas did not lead there. */
  #before: KnownInstances | undefined
  /** Since when the server is known to give no deltas. */
  #withoutSince = -Infinity
  #askedAt = Number.NaN
  #readAt = Number.NaN

  constructor(options: RegistryCopyOptions) {
    this.#options = options
  }

  /** What is known since the last update; nothing before the first. */
  get known(): KnownInstances {
    return this.#known ?? new KnownInstances([], () => false)
  }

  /**
   * How many instances of an application the last update took away although no delta said that they are gone: a server tells each end of one, so it is another server,
   * or one that has lost its memory.
   */
  lost(app: string): number {
    return this.#before?.missingIn(this.known, app) ?? 0
  }

  /** Rejects with a ServiceError where the registry fails or makes no sense. */
  async update(signal: AbortSignal): Promise<void> {
    const { now, refreshMs } = this.#options
    const at = now()
    this.#before = undefined
    const known = at - this.#askedAt <= deltaWindowMs ? this.#known : undefined
    this.#askedAt = at
    const isRefreshDue = !(at - this.#readAt < refreshMs)
    const hasDeltas = refreshMs > 0 && !(at - this.#withoutSince < refreshMs)
    const delta = known !== undefined && hasDeltas ? await this.#delta(at, signal) : undefined
    if (known !== undefined && delta !== undefined) {
      known.apply(delta.instances)
      if (delta.hash !== known.hash) this.#before = known
      else if (!isRefreshDue) return
    }
    const { instances } = await this.#read('/apps', signal)
    this.#known = new KnownInstances(instances, this.#options.wants)
    this.#readAt = at
  }

  /** Undefined where the server gives none: one may switch them off, others never had them. It is asked for them again after a while. */
  async #delta(at: number, signal: AbortSignal): Promise<Applications | undefined> {
    const delta = await this.#read('/apps/delta', signal).catch((thrown: unknown) => {
      if (thrown instanceof ServiceError && withoutDeltas.includes(thrown.code)) return undefined
      throw thrown
    })
    if (delta?.hash !== undefined) return delta
    this.#withoutSince = at
    return undefined
  }

  async #read(path: string, signal: AbortSignal): Promise<Applications> {
    const { service, name, timeoutMs: limitMs } = this.#options
    // Nobody waits but for the first one.
    const background = this.#known !== undefined
    const { body } = await service.ask(path, { signal, limitMs, maxReplyBytes, background })
    try {
      return applicationsIn(body)
    } catch (thrown) {
      throw new ServiceError('internal', `${name}: ${(thrown as Error).message}`, { cause: thrown })
    }
  }
}
