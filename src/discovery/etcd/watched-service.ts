// WatchedService: the keys of one service in etcd, listed at a revision and watched from there.
import type { Code } from '../../core/codes.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Changed, Listed, WatchedRegistry } from '../list-and-watch.ts'
import type { CheckedEtcd } from './connection.ts'
import { EtcdGateway, type GatewayRequest } from './gateway.ts'
import type { KeyValue, RangeReply, WatchReply } from './key-value.ts'
import { behind, type KeyRange, rangeOf } from './keys.ts'
import type { ServiceEntries } from './service-entries.ts'

/** What is watched. */
export interface WatchedServiceOptions {
  /** What all its keys begin with. */
  readonly prefix: string
  readonly entries: ServiceEntries
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number
}

// A value has at most 64 KiB, and a page fits into this with room for base64.
const pageKeys = 500
const mostPageBytes = 64 * 1024 * 1024
const mostKeys = 100_000

/** A position is a revision: all up to it is known. */
export class WatchedService implements WatchedRegistry<number> {
  readonly #gateway: EtcdGateway
  readonly #checked: CheckedEtcd
  readonly #options: WatchedServiceOptions
  readonly #range: KeyRange
  /** The store that was listed, and how far it was known to be. */
  #cluster: string | undefined
  #revision = 0

  constructor(checked: CheckedEtcd, options: WatchedServiceOptions) {
    this.#checked = checked
    this.#options = options
    this.#range = rangeOf(options.prefix)
    this.#gateway = new EtcdGateway(checked)
  }

  /** All pages are of the revision of the first one, which a majority has: no member that lags behind can answer it. */
  async list(signal: AbortSignal): Promise<Listed<number>> {
    const all: KeyValue[] = []
    let { key } = this.#range
    for (let revision = 0; ; ) {
      const page = await this.#page(key, revision, signal)
      if (revision === 0) revision = this.#remember(page)
      const { kvs = [], more = false } = page
      all.push(...kvs)
      const last = kvs.at(-1)
      if (!more || last === undefined) return { entries: this.#options.entries.list(all), position: revision }
      if (all.length >= mostKeys) throw this.#error('resource_exhausted', `there are more than ${mostKeys} instances`)
      key = behind(last.key)
    }
  }

  async *watch(position: number, signal: AbortSignal): AsyncGenerator<Changed<number> | 'expired', void, undefined> {
    // Not the next one: from a revision that is the one compacted to, etcd before 3.5.18 watches on without telling what was removed by it.
    const start_revision = String(position)
    const create_request = { ...this.#range, start_revision, progress_notify: true, fragment: true }
    let isBegun = false
    try {
      for await (const reply of this.#gateway.watch({ create_request }, this.#request(signal))) {
        if (!this.#goesOn(reply, position)) return yield 'expired'
        isBegun = true
        this.#revision = revisionAfter(reply, this.#revision)
        const news = reply.events?.filter(({ kv }) => Number(kv.mod_revision) > position) ?? []
        yield { changes: this.#options.entries.change(news), position: this.#revision }
      }
    } catch (thrown) {
      // The other members have the same history. Where there is none, what comes back may have lost it, and all is listed again.
      const isKept = isBegun && this.#checked.service.urls.length > 1 && isLoss(thrown)
      if (!isKept) throw thrown
    }
    if (!isBegun) throw this.#error('unavailable', 'the watch ended before it began')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#gateway[Symbol.asyncDispose]()
  }

  #page(key: string, revision: number, signal: AbortSignal): Promise<RangeReply> {
    const asked = { ...this.#range, key, limit: String(pageKeys), revision: String(revision) }
    return this.#gateway.ask('/v3/kv/range', asked, { ...this.#request(signal), maxReplyBytes: mostPageBytes })
  }

  #request(signal: AbortSignal): GatewayRequest {
    return { signal, limitMs: this.#options.timeoutMs }
  }

  /** Whatever was known of a store that is another one now is worth nothing: the registry has failed, and what it says counts from the next list on. */
  #remember({ header = {} }: RangeReply): number {
    const revision = Number(header.revision)
    const { cluster_id: cluster } = header
    if (!(revision > 0)) throw this.#error('internal', 'the reply has no revision')
    const isAnother = this.#cluster !== undefined && cluster !== this.#cluster
    if (isAnother || revision < this.#revision)
      throw this.#error('data_loss', `revision ${revision} after ${this.#revision}: it is another one, or was restored`)
    this.#cluster = cluster
    this.#revision = revision
    return revision
  }

  /** One that is behind may only lag: what a list says, which asks the majority, decides. */
  #goesOn({ header = {}, created, canceled }: WatchReply, position: number): boolean {
    if (canceled === true) return false
    return created !== true || (header.cluster_id === this.#cluster && Number(header.revision) >= position)
  }

  #error(code: Code, text: string): ServiceError {
    return new ServiceError(code, `${this.#checked.service.name}: ${text}`)
  }
}

/** As etcd's own client counts: `header.revision` may be ahead of events that are still to come, unless there are none. */
function revisionAfter({ header = {}, created, fragment, events = [] }: WatchReply, before: number): number {
  if (created === true || fragment === true) return before
  const last = events.at(-1)
  return Math.max(before, Number((last === undefined ? header.revision : last.kv.mod_revision) ?? 0))
}

/** Whether its member, and not what was asked, is why it ended. */
function isLoss(thrown: unknown): boolean {
  return thrown instanceof ServiceError && thrown.code === 'unavailable'
}
