// Lease: tokens that one process has taken from the shared bucket, and hands out by itself; arithmetic only.
import type { LeaseGrant } from './lease-request.ts'

/** Tokens that come later. */
interface Slice {
  readonly at: number
  readonly count: number
}

/** Moments are those of any clock, in milliseconds. Tokens that nobody used in time lapse, and are to be given back. */
export class Lease {
  #ready = 0
  /** The earliest first, and how many they are together. */
  readonly #later: Slice[] = []
  #coming = 0
  #lapsesAt = Infinity
  #lapsed = 0

  /** How many there are, those that come later too. */
  get left(): number {
    return this.#ready + this.#coming
  }

  /** Takes that many tokens if they have come; returns whether they had. */
  take(now: number, count: number): boolean {
    if (this.#coming > 0 || now >= this.#lapsesAt) this.#advance(now)
    if (this.#ready < count) return false
    this.#ready -= count
    return true
  }

  /** How long it is until that many will have come, in milliseconds; Infinity where they are not leased. */
  waitMs(now: number, count: number): number {
    this.#advance(now)
    let sum = this.#ready
    for (const slice of this.#later) {
      if (sum >= count) break
      sum += slice.count
      if (sum >= count) return slice.at - now
    }
    return sum >= count ? 0 : Infinity
  }

  /** Adds what was granted now, to be used within a time from when all of it has come. */
  add(now: number, grant: LeaseGrant, lapseMs: number): void {
    this.#advance(now)
    const at = now + grant.laterMs
    this.#ready += grant.now
    if (grant.later > 0) {
      this.#coming += grant.later
      this.#later.push({ at, count: grant.later })
      // What was granted later comes later, unless the clock of Redis was set.
      this.#later.sort((one, other) => one.at - other.at)
    }
    if (this.left > 0) this.#lapsesAt = Math.max(at + lapseMs, this.#lapsesAt === Infinity ? at : this.#lapsesAt)
  }

  /** Adds what was granted too late to be used. */
  addLapsed(grant: LeaseGrant): void {
    this.#lapsed += grant.now + grant.later
  }

  /** Gives how many have lapsed, and forgets them. */
  takeLapsed(now: number): number {
    this.#advance(now)
    const lapsed = this.#lapsed
    this.#lapsed = 0
    return lapsed
  }

  /** As `takeLapsed`, of all there are. */
  takeAll(): number {
    const all = this.left + this.#lapsed
    this.#ready = this.#coming = this.#lapsed = this.#later.length = 0
    this.#lapsesAt = Infinity
    return all
  }

  #advance(now: number): void {
    for (let [slice] = this.#later; slice !== undefined && slice.at <= now; [slice] = this.#later) {
      this.#ready += slice.count
      this.#coming -= slice.count
      this.#later.shift()
    }
    if (now < this.#lapsesAt) return
    this.#lapsed += this.#ready
    this.#ready = 0
    this.#lapsesAt = Infinity
  }
}
