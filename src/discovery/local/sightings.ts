// Sightings: what a reader has seen of all files in the folder of a service, and who is there by that.
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { errorOf } from '../../core/error-of.ts'
import { tell } from '../../core/tell.ts'
import type { Instance } from '../instance.ts'
import { folderError } from './folder.ts'
import { isTemporary, removeLease } from './lease-file.ts'
import { thisPlace } from './owner.ts'
import { type Held, isOld, type Look, Sighting } from './sighting.ts'
import { statsOf } from './stats-of.ts'

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

// Some at a time: the threads of the process are there for others, too.
const batch = 64
// To look at a file takes no rights to it, only to its folder.
const ofFolder: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ENOTDIR'])

/** Looks at the folder of one service. */
export class Sightings {
  readonly #options: SightingsOptions
  readonly #place: string = thisPlace()
  readonly #seen = new Map<string, Sighting>()
  #lookedMs = 0
  #lastLookAt: number | undefined

  constructor(options: SightingsOptions) {
    this.#options = options
  }

  /** Gives the instances that are there, having looked at the files of some names; at the whole folder without. Rejects when that is gone or cannot be read. */
  async look(names?: Iterable<string>): Promise<readonly Instance[]> {
    const look = this.#begin()
    try {
      await this.#seeAll(names === undefined ? await this.#list(look) : Array.from(names).filter(isVisible), look)
    } catch (thrown) {
      throw folderError(this.#options.root, thrown)
    }
    return this.#present(look)
  }

  #begin(): Look {
    const { clock, pollMs } = this.#options
    const now = clock.now()
    // A reader that was stopped itself has not seen that others were silent: more than two polls at once do not count.
    this.#lookedMs += Math.min(now - (this.#lastLookAt ?? now), 2 * pollMs)
    this.#lastLookAt = now
    return { lookedMs: this.#lookedMs, wallNow: clock.wallNow(), place: this.#place, ended: new Map() }
  }

  async #list(look: Look): Promise<string[]> {
    const { folder } = this.#options
    const all = await readdir(folder)
    const names = all.filter(isVisible)
    const there = new Set(names)
    for (const name of this.#seen.keys()) if (!there.has(name)) this.#seen.delete(name)
    await sweepTemporary(folder, all.filter(isTemporary), look)
    return names
  }

  async #seeAll(names: readonly string[], look: Look): Promise<void> {
    const { folder } = this.#options
    const found = await statsOf(folder, names)
    const gone: string[] = []
    const reads: (() => Promise<void>)[] = []
    for (const [at, name] of names.entries()) {
      const stats = found[at] as Stats | NodeJS.ErrnoException
      if (stats instanceof Error) {
        if (stats.code === 'ENOENT') gone.push(name)
        else if (ofFolder.has(stats.code)) throw stats
        else this.#tell(this.#sightingOf(name, look.wallNow, look), stats)
        continue
      }
      const sighting = this.#sightingOf(name, stats.mtimeMs, look)
      if (sighting.see(stats, look)) reads.push(() => this.#read(sighting, stats, look))
      else if (sighting.isLitter(look)) reads.push(() => sweep(sighting.file))
    }
    for (let at = 0; at < reads.length; at += batch)
      await Promise.all(reads.slice(at, at + batch).map((read) => read()))
    // With its folder a file is not taken back but lost, like a registry's data: then what was known is better than nothing.
    if (gone.length > 0) await lstat(folder)
    for (const name of gone) this.#seen.delete(name)
  }

  #sightingOf(name: string, touchedAt: number, look: Look): Sighting {
    const known = this.#seen.get(name)
    if (known !== undefined) return known
    const sighting = new Sighting(join(this.#options.folder, name), touchedAt, look)
    this.#seen.set(name, sighting)
    return sighting
  }

  async #read(sighting: Sighting, stats: Stats, look: Look): Promise<void> {
    try {
      await sighting.read(stats, this.#options.service, look)
    } catch (thrown) {
      // It has gone since: the next look finds that out.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') this.#tell(sighting, thrown)
    }
    if (sighting.isLitter(look)) await sweep(sighting.file)
  }

  #present(look: Look): readonly Instance[] {
    const latest = new Map<string, Held>()
    for (const sighting of this.#seen.values()) {
      if (!sighting.isThere(look)) continue
      const { id } = sighting.lease.instance
      const other = latest.get(id)
      const isLater = other === undefined || isBefore(other, sighting)
      if (isLater) latest.set(id, sighting)
      if (other !== undefined) this.#compare(isLater ? other : sighting, isLater ? sighting : other)
    }
    return Array.from(latest.values(), ({ lease }) => lease.instance)
  }

  /** Several may announce the same instance; the same id at several addresses is a mistake, or a restart. */
  #compare(older: Held, later: Held): void {
    const { id, address } = older.lease.instance
    const laterAddress = later.lease.instance.address
    if (address === laterAddress) return
    this.#tell(older, `it announces ${id} at ${address}, which is at ${laterAddress} by what ${later.file} says later`)
  }

  #tell(sighting: Sighting, thrown: unknown): void {
    const { file } = sighting
    const reason = errorOf(thrown).message
    if (sighting.told === reason) return
    sighting.told = reason
    const error = new Error(`${file} is left out: ${reason}`, thrown instanceof Error ? { cause: thrown } : {})
    tell(this.#options.onBadLease, { file, error })
  }
}

function isVisible(name: string): boolean {
  return !name.startsWith('.')
}

/** The names of the files decide between those of the same moment, so that all readers do alike. */
function isBefore(one: Held, other: Held): boolean {
  const between = one.lease.announcedAt - other.lease.announcedAt
  return between < 0 || (between === 0 && one.file < other.file)
}

/** Should its owner be alive after all, it announces itself anew. */
async function sweep(file: string): Promise<void> {
  // It may not be ours to remove.
  await removeLease(file).catch(() => {})
}

/** What was begun, and then left by one who died. */
async function sweepTemporary(folder: string, names: readonly string[], { wallNow }: Look): Promise<void> {
  const found = await statsOf(folder, names)
  for (const [at, stats] of found.entries())
    if (!(stats instanceof Error) && isOld(stats.mtimeMs, wallNow)) await sweep(join(folder, names[at] as string))
}
