// Sighting: what a reader has seen of one file of the registry, from which it judges whether its owner is there. Compares no two clocks: a
// lease holds while its file is seen to be touched, so that a clock that is set, or that of another host, ends none.
import type { Stats } from 'node:fs'
import { type Lease, parseLease } from './lease.ts'
import { readLease } from './lease-file.ts'
import { hasEnded, type Owner } from './owner.ts'

/** What one look at a folder has in common. */
export interface Look {
  /** For how long the reader has looked, in milliseconds: its own time, in which nothing counts that it did not see. */
  readonly lookedMs: number
  readonly wallNow: number
  /** Where the reader runs, as owners say it. */
  readonly place: string
  /** What was found of owners in this look: many leases may be of one process. */
  readonly ended: Map<string, boolean>
}

/** A sighting of a file that holds a lease. */
export interface Held extends Sighting {
  readonly lease: Lease
}

// What nobody has renewed for so long is litter: ten minutes.
const litterMs = 600_000

/** Whether what was last touched at a moment since the epoch was left by somebody. */
export function isOld(touchedAt: number, wallNow: number): boolean {
  return touchedAt < wallNow - litterMs
}

/** One file, from its first sight to its last. */
export class Sighting {
  readonly file: string
  /** Undefined for a file that holds none. */
  lease: Lease | undefined
  /** What was last told of it: once is enough. */
  told: string | undefined
  #stamp: Pick<Stats, 'ino' | 'size'> | undefined
  #touchedAt: number
  readonly #firstSeenAt: number
  #quietSince: number
  #hasEnded = false

  constructor(file: string, touchedAt: number, { lookedMs, wallNow }: Look) {
    this.file = file
    this.#touchedAt = touchedAt
    this.#firstSeenAt = lookedMs
    // The one time that clocks are compared. Were they set in between, the next renewal makes it good.
    this.#quietSince = lookedMs - Math.max(0, wallNow - touchedAt)
  }

  /** Takes note of what the file system says now; says whether the file must be read: never when it was only renewed. */
  see({ mtimeMs, ino, size }: Stats, look: Look): boolean {
    const wasTouched = this.#touchedAt !== mtimeMs
    this.#touchedAt = mtimeMs
    if (wasTouched) this.#quietSince = look.lookedMs
    const isOther = this.#stamp?.ino !== ino || this.#stamp.size !== size || (wasTouched && this.lease === undefined)
    if (!isOther) this.#judge(look, !wasTouched)
    return isOther
  }

  /** Reads the file. Rejects when it holds no lease of the service; one that cannot be read today may be tomorrow. */
  async read(stats: Stats, service: string, look: Look): Promise<void> {
    this.lease = undefined
    this.#stamp = undefined
    this.#hasEnded = false
    if (!stats.isFile()) throw new TypeError('it is no regular file')
    const text = await readLease(this.file)
    this.#stamp = { ino: stats.ino, size: stats.size }
    this.lease = parseLease(text, service)
    this.told = undefined
    this.#judge(look, true)
  }

  /** Whether it is a lease that holds. */
  isThere({ lookedMs }: Look): this is Held {
    return this.lease !== undefined && !this.#hasEnded && lookedMs - this.#quietSince <= this.lease.leaseMs
  }

  /**
   * Whether it is a lease that may be removed, long after its end. Of an owner that has ended nobody will come back; of another one only a
   * silence that was heard to its end counts, not that of a clock.
   */
  isLitter(look: Look): boolean {
    if (this.lease === undefined || this.isThere(look) || !isOld(this.#touchedAt, look.wallNow)) return false
    return this.#hasEnded || look.lookedMs - this.#firstSeenAt > this.lease.leaseMs
  }

  #judge({ place, ended }: Look, thoroughly: boolean): void {
    const owner = this.lease?.owner
    if (owner === undefined || this.#hasEnded || owner.place !== place) return
    const key = `${thoroughly} ${owner.pid} ${owner.startedAt}`
    this.#hasEnded = ended.get(key) ?? remember(ended, key, owner, thoroughly)
  }
}

function remember(ended: Map<string, boolean>, key: string, owner: Owner, thoroughly: boolean): boolean {
  const found = hasEnded(owner, thoroughly)
  ended.set(key, found)
  return found
}
