// The store of an etcd in memory, for suites that want neither a process nor real time: revisions, compaction, watches and leases as etcd 3.6 has them.
import type { Clock, Timer } from '../../src/core/clock.ts'

/** A key as it is from a revision on; without a value it is gone. */
export interface Version {
  readonly key: string
  readonly value: string | undefined
  readonly created: number
  readonly modified: number
  readonly lease: string
}

/** What comes of a watch. */
export interface Watcher {
  /** Changes of one revision, in order. */
  hear(versions: readonly Version[]): void
}

interface Granted {
  readonly ttlSeconds: number
  timer: Timer
}

/** Each method is one step: nothing happens in between. */
export class MemoryEtcd {
  readonly #clock: Clock
  /** All that has happened since the last compaction, with what there was then. */
  #versions: Version[] = []
  readonly #leases = new Map<string, Granted>()
  readonly #watchers = new Set<Watcher>()
  revision = 1
  compacted = 0
  /** Which store it is. */
  cluster = '1'

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What there is at a revision between two keys, in order of the keys. */
  range(from: string, to: string, revision: number = this.revision): readonly Version[] {
    const latest = new Map<string, Version>()
    for (const version of this.#versions) {
      if (version.modified <= revision && version.key >= from && version.key < to) latest.set(version.key, version)
    }
    const there = Array.from(latest.values()).filter(({ value }) => value !== undefined)
    return there.toSorted((one, other) => (one.key < other.key ? -1 : 1))
  }

  at(key: string): Version | undefined {
    return this.range(key, `${key}\0`)[0]
  }

  /** All that has happened between two keys from a revision on, by revision. */
  since(revision: number, from: string, to: string): readonly (readonly Version[])[] {
    const told = this.#versions.filter((each) => each.modified >= revision && each.key >= from && each.key < to)
    return Array.from(Map.groupBy(told, ({ modified }) => modified).values())
  }

  /** Puts and removes at one revision. Gives whether all leases are there. */
  change(puts: readonly { key: string; value: string; lease?: string }[], removed: readonly string[] = []): boolean {
    if (puts.some(({ lease = '0' }) => lease !== '0' && !this.#leases.has(lease))) return false
    const gone = removed.flatMap((key) => this.at(key) ?? [])
    if (puts.length + gone.length === 0) return true
    const modified = ++this.revision
    const versions = [
      ...gone.map((each) => ({ ...each, value: undefined, modified })),
      ...puts.map(({ key, value, lease = '0' }) => {
        return { key, value, lease, created: this.at(key)?.created ?? modified, modified }
      }),
    ]
    this.#versions.push(...versions)
    for (const watcher of this.#watchers) watcher.hear(versions)
    return true
  }

  /** False where there is one of this id. */
  grant(id: string, ttlSeconds: number): boolean {
    if (this.#leases.has(id)) return false
    this.#leases.set(id, { ttlSeconds, timer: this.#lapse(id, ttlSeconds) })
    return true
  }

  /** Gives how long it lasts; 0 where there is none. */
  renew(id: string): number {
    const lease = this.#leases.get(id)
    if (lease === undefined) return 0
    lease.timer.cancel()
    lease.timer = this.#lapse(id, lease.ttlSeconds)
    return lease.ttlSeconds
  }

  /** Takes what hangs on it along. False where there is none. */
  revoke(id: string): boolean {
    const lease = this.#leases.get(id)
    if (lease === undefined) return false
    lease.timer.cancel()
    this.#leases.delete(id)
    const hanging = this.range('', '\uffff').filter((version) => version.lease === id)
    this.change(
      [],
      hanging.map(({ key }) => key),
    )
    return true
  }

  /** Forgets what was before, and, as 3.4 does, what was removed now. */
  compact(): void {
    this.#versions = [...this.range('', '\uffff')]
    this.compacted = this.revision
  }

  /** Is another one from now on, of the same name if nothing else is said. */
  forget(cluster: string = this.cluster): void {
    for (const { timer } of this.#leases.values()) timer.cancel()
    this.#leases.clear()
    this.#versions = []
    this.deafen()
    this.revision = 1
    this.compacted = 0
    this.cluster = cluster
  }

  /** Loses those who watch, and they do not know it. */
  deafen(): void {
    this.#watchers.clear()
  }

  follow(watcher: Watcher): Disposable {
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  #lapse(id: string, ttlSeconds: number): Timer {
    return this.#clock.schedule(ttlSeconds * 1_000, () => void this.revoke(id), { background: true })
  }
}
