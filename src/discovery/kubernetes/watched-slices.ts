// The EndpointSlices of a service as a registry that is listed and watched.
import type { Clock } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import { readLines } from '../../platform/line-reader.ts'
import type { Random } from '../../primitives/random.ts'
import type { Changed, Listed, WatchedRegistry } from '../list-and-watch.ts'
import { type EndpointSlice, labels } from './endpoint-slice.ts'
import { type KnownSlice, knownSlice, type WantedEndpoints } from './known-slice.ts'
import { Leases } from './leases.ts'
import { listSlices } from './slice-list.ts'
import { isOneOf, type SlicesApi } from './slices-api.ts'
import { watchEvent } from './watch-event.ts'

/** What is watched, and how. */
export interface SliceQuery {
  readonly wanted: WantedEndpoints
  /** As the server is named in errors. */
  readonly name: string
  readonly clock: Clock
  /** How long a request may take until it is answered, in milliseconds. */
  readonly timeoutMs: number
  /** How long a watch lasts, in milliseconds, drawn from three quarters to five quarters of it. */
  readonly watchMs: number
  readonly random: Random
}

type Told = Changed<string, KnownSlice> | 'expired'

// An object may have 1.5 MB in etcd, and JSON is longer than that.
const maxLineBytes = 16 * 1024 * 1024

/** Positions are resource versions, which only the server understands. */
export class WatchedSlices implements WatchedRegistry<string, KnownSlice> {
  readonly #api: SlicesApi
  readonly #query: SliceQuery
  readonly #selector: string
  readonly #leases = new Leases()

  constructor(api: SlicesApi, query: SliceQuery) {
    this.#api = api
    this.#query = query
    this.#selector = `${labels.service}=${query.wanted.service}`
  }

  async list(signal: AbortSignal): Promise<Listed<string, KnownSlice>> {
    const { name, timeoutMs, clock } = this.#query
    const listed = await listSlices(this.#api, { selector: this.#selector, signal, timeoutMs, name })
    const entries = listed.slices.map((slice) => [slice.metadata.name, this.#read(slice)] as const)
    this.#leases.list(
      entries.map(([key, { lease }]) => [key, lease]),
      clock.now(),
    )
    return { entries: entries.filter(([key]) => !this.#leases.isGone(key)), position: listed.resourceVersion }
  }

  async *watch(position: string, signal: AbortSignal): AsyncGenerator<Told> {
    try {
      const lines = readLines(await this.#open(position, signal), maxLineBytes)
      let last = position
      for await (const line of lines) {
        const told = this.#told(line, last)
        yield told
        if (told === 'expired') return
        last = told.position
      }
    } catch (thrown) {
      if (!isOneOf(thrown, 'out_of_range')) throw thrown
      yield 'expired'
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#api[Symbol.asyncDispose]()
  }

  async #open(resourceVersion: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { watchMs, random, timeoutMs } = this.#query
    const query = new URLSearchParams({
      labelSelector: this.#selector,
      watch: '1',
      resourceVersion,
      allowWatchBookmarks: 'true',
      // Those who began together do not come back together.
      timeoutSeconds: String(Math.ceil((watchMs * (0.75 + 0.5 * random())) / 1_000)),
    })
    // Whoever has nothing to do but to wait for a change has nothing to do.
    const { body } = await this.#api.watch(query, { signal, limitMs: timeoutMs, background: true })
    return unlessCut(body, signal)
  }

  #told(line: Uint8Array, before: string): Told {
    const event = watchEvent(line, this.#query.name)
    if (event.kind === 'expired') return 'expired'
    const now = this.#query.clock.now()
    const changes: [string, KnownSlice | undefined][] = []
    if (event.kind !== 'bookmark') {
      const key = event.slice.metadata.name
      const known = event.kind === 'there' ? this.#read(event.slice) : undefined
      this.#leases.see(key, known?.lease, now)
      changes.push([key, known])
    }
    // A bookmark that is further on says that something else was written somewhere.
    if (event.resourceVersion !== before) for (const key of this.#leases.judge(now)) changes.push([key, undefined])
    return { changes, position: event.resourceVersion }
  }

  #read(slice: EndpointSlice): KnownSlice {
    return knownSlice(slice, this.#query.wanted)
  }
}

/** A connection that is cut is no failure yet, but the server that comes next may be another one: all is listed again, and that shows whether it is there. */
async function* unlessCut(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (thrown) {
    if (signal.aborted || !isOneOf(thrown, 'unavailable')) throw thrown
    throw new ServiceError('out_of_range', thrown.message, { cause: thrown })
  }
}
