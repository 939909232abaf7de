// Lease: what the key of one registration hangs on in etcd, so that it goes when nobody renews it. Its id is ours, so that whatever became of a request, we know what to take back.
import { ServiceError } from '../../core/errors.ts'
import type { Random } from '../../primitives/random.ts'
import type { EtcdGateway } from './gateway.ts'

/** How leases are granted. */
export interface LeaseOptions {
  readonly gateway: EtcdGateway
  /** How long one lasts without being renewed, in milliseconds; etcd counts whole seconds, which are rounded up to. */
  readonly ttlMs: number
  readonly random: Random
}

/** One lease after the other: a lost one is never asked for again. */
export class Lease {
  readonly #options: LeaseOptions
  #id: string | undefined

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Has it granted, or renews it where an earlier request did that; gives its id. */
  async hold(signal: AbortSignal): Promise<string> {
    const { gateway, ttlMs, random } = this.#options
    this.#id ??= String(1 + Math.floor(random() * (Number.MAX_SAFE_INTEGER - 1)))
    const id = this.#id
    try {
      await gateway.ask('/v3/lease/grant', { ID: id, TTL: String(Math.ceil(ttlMs / 1_000)) }, { signal })
    } catch (thrown) {
      if (codeOf(thrown) !== 'already_exists') throw thrown
      await this.renew(signal)
    }
    return id
  }

  /** Rejects with `not_found` when it is lost. */
  async renew(signal: AbortSignal): Promise<void> {
    const { gateway } = this.#options
    const { TTL = '0' } = await gateway.ask<KeptAlive>('/v3/lease/keepalive', { ID: this.#id }, { signal })
    if (Number(TTL) > 0) return
    this.#id = undefined
    throw new ServiceError('not_found', 'etcd has lost the lease')
  }

  /** Ends it, and removes all that hangs on it, in one step. */
  async revoke(signal: AbortSignal): Promise<void> {
    const id = this.#id
    if (id === undefined) return
    try {
      await this.#options.gateway.ask('/v3/lease/revoke', { ID: id }, { signal })
    } catch (thrown) {
      // It is over already: nothing is left to take back.
      if (codeOf(thrown) !== 'not_found') throw thrown
    }
  }
}

/** Without a TTL there is no such lease. */
interface KeptAlive {
  readonly TTL?: string
}

const codeOf = (thrown: unknown): unknown => (thrown instanceof ServiceError ? thrown.code : undefined)
