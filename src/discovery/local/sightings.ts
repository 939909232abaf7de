// Sightings: what a reader has seen of the leases in a folder, from which it judges who is there. Compares no two clocks: a lease holds
// while its file is seen to be touched, so that a clock that is set, or that of another host, ends none.
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { tell } from '../../core/tell.ts'
import type { Instance } from '../instance.ts'
import { folderError } from './folder.ts'
import { type Lease, parseLease } from './lease.ts'
import { isTemporary, readLease, removeLease } from './lease-file.ts'
import { hasEnded, thisPlace } from './owner.ts'

/** A file in the folder of a service is left out. */
export interface BadLeaseEvent {
  /** Its path. */
  readonly file: string
  /** Says why. */
  readonly error: Error
}

/** What is looked at, and how. */
export interface SightingsOptions {
  /** The registry's folder, for messages. */
  readonly root: string
  /** The folder of the service. */
  readonly folder: string
  readonly service: string
  readonly clock: Clock
  /** How often the whole folder is looked at, in milliseconds. */
  readonly pollMs: number
  readonly onBadLease: ((event: BadLeaseEvent) => void) | undefined
}

/** One file. */
interface Sighting {
  readonly file: string
  /** Undefined for a file that holds none. */
  lease: Lease | undefined
  inode: number
  size: number
  touchedAt: number
  /** When it was first seen, and since when nobody has touched it: in the reader's time. */
  readonly firstSeenAt: number
  quietSince: number
  hasEnded: boolean
  /** What was last told of it: once is enough. */
  told: string | undefined
  isSwept: boolean
}

type Held = Sighting & { lease: Lease }

// Some at a time: the threads of the process are there for others, too.
const batch = 64
// What nobody has renewed for so long is litter: ten minutes.
const litterMs = 600_000

/** Looks at the folder of one service. */
export class Sightings {
  readonly #options: SightingsOptions
  readonly #place: string = thisPlace()
  readonly #seen = new Map<string, Sighting>()
  /** What was found of owners in one look: many leases may be of one process. */
  readonly #ended = new Map<string, boolean>()
  /** How long it has looked. */
  #lookedMs = 0
  #lastLookAt: number | undefined

  constructor(options: SightingsOptions) {
    this.#options = options
  }

  /** Gives the instances that are there, having looked at the files of some names; at the whole folder without. Rejects when that is gone or cannot be read. */
  async look(names?: Iterable<string>): Promise<readonly Instance[]> {
    this.#passTime()
    this.#ended.clear()
    try {
      await this.#seeAll(names === undefined ? await this.#list() : Array.from(names).filter(isVisible))
    } catch (thrown) {
      throw folderError(this.#options.root, thrown)
    }
    return this.#present()
  }

  /** A reader that was stopped itself has not seen that others were silent: more than two polls at once do not count. */
  #passTime(): void {
    const { clock, pollMs } = this.#options
    const now = clock.now()
    this.#lookedMs += Math.min(now - (this.#lastLookAt ?? now), 2 * pollMs)
    this.#lastLookAt = now
  }

  async #list(): Promise<string[]> {
    const { folder } = this.#options
    const all = await readdir(folder)
    const names = all.filter(isVisible)
    const there = new Set(names)
    for (const name of this.#seen.keys()) if (!there.has(name)) this.#seen.delete(name)
    for (const name of all) if (isTemporary(name)) await this.#sweepTemporary(join(folder, name))
    return names
  }

  async #seeAll(names: readonly string[]): Promise<void> {
    const seen: boolean[] = []
    for (let at = 0; at < names.length; at += batch)
      seen.push(...(await Promise.all(names.slice(at, at + batch).map((name) => this.#see(name)))))
    const gone = names.filter((_, at) => seen[at] === false)
    // With its folder a file is not taken back but lost, like a registry's data: then what was known is better than nothing.
    if (gone.length > 0) await lstat(this.#options.folder)
    for (const name of gone) this.#seen.delete(name)
  }

  /** Says whether there is such a file. */
  async #see(name: string): Promise<boolean> {
    const file = join(this.#options.folder, name)
    const known = this.#seen.get(name)
    try {
      const stats = await lstat(file)
      const sighting = known ?? this.#begin(name, file, stats)
      const wasTouched = sighting.touchedAt !== stats.mtimeMs
      if (wasTouched) sighting.quietSince = this.#lookedMs
      const isOther =
        known === undefined ||
        sighting.inode !== stats.ino ||
        sighting.size !== stats.size ||
        (wasTouched && !sighting.lease)
      sighting.touchedAt = stats.mtimeMs
      if (isOther) await this.#read(sighting, stats)
      this.#judge(sighting, isOther || !wasTouched)
      if (this.#isLitter(sighting)) await this.#sweep(sighting)
      return true
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
      this.#tell(this.#seen.get(name) ?? this.#begin(name, file), thrown)
      return true
    }
  }

  #begin(name: string, file: string, stats?: Stats): Sighting {
    const wallNow = this.#options.clock.wallNow()
    const touchedAt = stats?.mtimeMs ?? wallNow
    const sighting: Sighting = {
      file,
      lease: undefined,
      inode: 0,
      size: -1,
      touchedAt,
      firstSeenAt: this.#lookedMs,
      // The one time that clocks are compared. Were they set in between, the next renewal makes it good.
      quietSince: this.#lookedMs - Math.max(0, wallNow - touchedAt),
      hasEnded: false,
      told: undefined,
      isSwept: false,
    }
    this.#seen.set(name, sighting)
    return sighting
  }

  async #read(sighting: Sighting, stats: Stats): Promise<void> {
    sighting.lease = undefined
    sighting.hasEnded = false
    // A file that cannot be read today may be tomorrow; one that says nonsense is not read again until it changes.
    sighting.size = -1
    if (!stats.isFile()) throw new TypeError('it is no regular file')
    const text = await readLease(sighting.file)
    sighting.inode = stats.ino
    sighting.size = stats.size
    sighting.lease = parseLease(text, this.#options.service)
    sighting.told = undefined
  }

  #judge(sighting: Sighting, thoroughly: boolean): void {
    const owner = sighting.lease?.owner
    if (owner?.place !== this.#place || sighting.hasEnded) return
    const key = `${thoroughly} ${owner.pid} ${owner.startedAt}`
    const ended = this.#ended.get(key) ?? hasEnded(owner, thoroughly)
    this.#ended.set(key, ended)
    sighting.hasEnded = ended
  }

  #present(): readonly Instance[] {
    const latest = new Map<string, Held>()
    for (const sighting of this.#seen.values()) {
      if (!isHeld(sighting) || !this.#isThere(sighting)) continue
      const { instance, announcedAt } = sighting.lease
      const other = latest.get(instance.id)
      const isLater = other === undefined || other.lease.announcedAt < announcedAt
      if (isLater) latest.set(instance.id, sighting)
      if (other !== undefined) this.#compare(isLater ? other : sighting, isLater ? sighting : other)
    }
    return Array.from(latest.values(), ({ lease }) => lease.instance)
  }

  /** Several may announce the same instance; the same id at several addresses is a mistake, or a restart. */
  #compare(older: Held, later: Held): void {
    const { id, address } = older.lease.instance
    const laterAddress = later.lease.instance.address
    if (address !== laterAddress)
      this.#tell(
        older,
        `it announces ${id} at ${address}, which is at ${laterAddress} by what ${later.file} says later`,
      )
  }

  #isThere(sighting: Held): boolean {
    return !sighting.hasEnded && this.#lookedMs - sighting.quietSince <= sighting.lease.leaseMs
  }

  /** Of an owner that has ended nobody will come back; of another one only a silence that was heard to its end counts, not that of a clock. */
  #isLitter(sighting: Sighting): boolean {
    if (!isHeld(sighting) || sighting.isSwept || this.#isThere(sighting)) return false
    const isOld = sighting.touchedAt < this.#options.clock.wallNow() - litterMs
    return isOld && (sighting.hasEnded || this.#lookedMs - sighting.firstSeenAt > sighting.lease.leaseMs)
  }

  /** Should its owner be alive after all, it announces itself anew. */
  async #sweep(sighting: Sighting): Promise<void> {
    sighting.isSwept = true
    await removeLease(sighting.file).catch(() => {})
  }

  /** What was begun, and then left by one who died. */
  async #sweepTemporary(file: string): Promise<void> {
    try {
      const { mtimeMs } = await lstat(file)
      if (mtimeMs < this.#options.clock.wallNow() - litterMs) await removeLease(file)
    } catch {
      // It is gone, or not ours to remove.
    }
  }

  #tell(sighting: Sighting, thrown: unknown): void {
    const { file } = sighting
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    if (sighting.told === reason) return
    sighting.told = reason
    const error = new Error(`${file} is left out: ${reason}`, thrown instanceof Error ? { cause: thrown } : {})
    tell(this.#options.onBadLease, { file, error })
  }
}

function isVisible(name: string): boolean {
  return !name.startsWith('.')
}

function isHeld(sighting: Sighting): sighting is Held {
  return sighting.lease !== undefined
}
