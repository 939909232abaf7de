// Who of those that must renew is gone, judged by what is seen and not by anybody's clock.
import type { Lease } from './lease.ts'

interface Held extends Lease {
  /** When it was last seen to change. */
  seenAt: number
  /** Since when it is late although the registry takes what is written; undefined while it is not. */
  lateSince: number | undefined
  isGone: boolean
}

/**
 * Whoever has not renewed for half of its TTL is late as soon as something else was written after that, and gone when it stays silent for the other half.
 * Nobody is late while nothing is written at all: then it is the registry that takes no writes, and who could not renew is not to blame; when it
 * takes them again, all have half of a TTL to do so. Times are of one monotonic clock; those of registrars are only compared with each other.
 */
export class Leases {
  #held = new Map<string, Held>()

  /** Takes all that there are, by key. In a list that was just begun with, whoever is two TTLs behind the last one to renew is gone. */
  list(leases: Iterable<readonly [string, Lease | undefined]>, now: number): void {
    const before = this.#held
    const listed = [...leases].filter((entry): entry is [string, Lease] => entry[1] !== undefined)
    const newest = listed.reduce((last, [, { renewedAt }]) => Math.max(last, renewedAt), -Infinity)
    this.#held = new Map(
      listed.map(([key, lease]) => {
        const known = before.get(key)
        if (known?.renewedAt === lease.renewedAt) return [key, known]
        const behindMs = newest - lease.renewedAt
        const isGone = known === undefined && behindMs > 2 * lease.ttlMs
        return [key, { ...lease, seenAt: now, lateSince: undefined, isGone }]
      }),
    )
  }

  /** Takes what was just written; undefined for what has no lease, or is not there any more. */
  see(key: string, lease: Lease | undefined, now: number): void {
    if (lease === undefined) this.#held.delete(key)
    else this.#held.set(key, { ...lease, seenAt: now, lateSince: undefined, isGone: false })
  }

  isGone(key: string): boolean {
    return this.#held.get(key)?.isGone === true
  }

  /** To be called when something was written, whatever it was: gives the keys of those who are gone since the last time. */
  judge(now: number): readonly string[] {
    const gone: string[] = []
    for (const [key, held] of this.#held) {
      if (held.isGone || now - held.seenAt < held.ttlMs / 2) continue
      held.lateSince ??= now
      if (now - held.lateSince < held.ttlMs / 2) continue
      held.isGone = true
      gone.push(key)
    }
    return gone
  }
}
