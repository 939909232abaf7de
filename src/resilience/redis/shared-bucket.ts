// SharedBucket: one process's side of one bucket: whom it lets in by what it has leased, and when it asks for more.
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../primitives/random.ts'
import { TokenBucket, type TokenRate } from '../token-bucket.ts'
import { Lease } from './lease.ts'
import type { LeaseGrant, LeaseRequest } from './lease-request.ts'
import type { LeaseStore } from './lease-store.ts'

/** What all buckets of a limit have in common. */
export interface SharedBucketSettings {
  rate: TokenRate
  readonly store: LeaseStore
  readonly member: string
  readonly leaseMs: number
  readonly timeoutMs: number
  /** Undefined where it is what Redis has counted. */
  readonly localShareRatio: number | undefined
  readonly random: Random
  /** How many processes Redis last counted at any bucket; what a new one goes by. */
  processes: number
}

/** What is leased and not used within so many times `leaseMs` is given back. */
const lapseFactor = 10

/**
 * No call waits for Redis. One that finds nothing leased is let in on credit, out of this process's own share of the limit, unless Redis
 * has just said that there is nothing; the credit is charged with the next trip. While Redis is away all calls are let in like that.
 */
export class SharedBucket {
  readonly #keys: readonly [bucket: string, members: string]
  readonly #settings: SharedBucketSettings
  readonly #lease = new Lease()
  /** This process's share of the limit. */
  readonly #own: TokenBucket
  #processes: number
  #credit = 0
  /** Tokens asked for since the last trip, and those of the last `leaseMs`, on average. */
  #wanted = 0
  #recent = 0
  /** The heaviest call that was refused since the last trip. */
  #heaviest = 0
  #askedAt = -Infinity
  #answeredAt = -Infinity
  #askAt = -Infinity
  /** Until when it holds that Redis has nothing more. */
  #spentUntil = -Infinity
  #isAsking = false

  constructor(keys: readonly [bucket: string, members: string], settings: SharedBucketSettings) {
    this.#keys = keys
    this.#settings = settings
    this.#processes = settings.processes
    this.#own = new TokenBucket(this.#share())
  }

  /** How many processes take from it, as far as is known. */
  get processes(): number {
    return this.#processes
  }

  /** How many tokens are here to be used now or soon. */
  get left(): number {
    return this.#lease.left
  }

  /** Whether forgetting it would lose something. */
  get isBusy(): boolean {
    return this.#isAsking || this.#credit > 0 || this.#lease.left > 0
  }

  /** Takes that many tokens; returns whether they were there. With a clock it asks for more in the background where there will be need. */
  take(now: number, weight: number, clock: Clock | undefined): boolean {
    this.#wanted += weight
    const isTaken = this.#admit(now, weight)
    if (!isTaken && weight > this.#heaviest) this.#heaviest = weight
    const isShort = this.#lease.left <= this.#recent / 2
    if (isShort && !this.#isAsking && now >= this.#askAt && clock !== undefined) this.#ask(now, clock)
    return isTaken
  }

  /** How long until a call of that weight would be let in, as far as can be told, in milliseconds. */
  waitMs(now: number, weight: number): number {
    if (now >= this.#spentUntil) return this.#own.waitMs(now, weight)
    const leasedMs = this.#lease.waitMs(now, weight)
    if (leasedMs < Infinity) return leasedMs
    return Math.max(this.#askAt - now, (weight * this.#processes * 1_000) / this.#settings.rate.perSecond)
  }

  /** The rate has changed. */
  change(now: number): void {
    this.#own.change(now, this.#share())
    this.#askAt = now
  }

  /** Gives back what is left, and is no longer one of those who take. */
  async leave(clock: Clock): Promise<void> {
    const now = clock.now()
    const returned = this.#lease.takeAll()
    if (this.#answeredAt === -Infinity) return
    await this.#trip({ ...this.#request(now), returned, ask: 0, isLeaving: true }, clock)
  }

  #admit(now: number, weight: number): boolean {
    if (this.#lease.take(now, weight)) {
      // What was leased is of this process's share too: on credit it has no more than the rest of that.
      this.#own.allow(now, weight)
      return true
    }
    if (now < this.#spentUntil || !this.#own.allow(now, weight)) return false
    this.#credit += weight
    return true
  }

  async #ask(now: number, clock: Clock): Promise<void> {
    const { store, leaseMs, timeoutMs, random } = this.#settings
    if (!store.isOpen(now)) return
    this.#isAsking = true
    this.#recent = this.#recent * Math.exp((this.#askedAt - now) / leaseMs) + this.#wanted
    this.#wanted = 0
    this.#askedAt = now
    const { burst, perSecond } = this.#settings.rate
    const wanted = Math.min(Math.max(this.#recent, this.#heaviest, 1), Math.max(burst, (perSecond * leaseMs) / 1_000))
    this.#heaviest = 0
    const ask = store.failures > 0 ? 0 : Math.max(0, Math.ceil(wanted - this.#lease.left))
    const returned = this.#lease.takeLapsed(now)
    const grant = await this.#trip({ ...this.#request(now), ask, returned }, clock)
    this.#isAsking = false
    const then = clock.now()
    if (grant === undefined) {
      this.#spentUntil = -Infinity
      this.#askAt = -Infinity
      return
    }
    // What was let in on credit meanwhile is paid for first.
    const paid = Math.min(grant.now, this.#credit)
    this.#credit -= paid
    this.#lease.add(then, { ...grant, now: grant.now - paid }, Math.max(leaseMs * lapseFactor, 2 * grant.againMs))
    const isSpent = grant.now < ask
    // Spread, so that those who found it empty together do not come back together.
    this.#askAt = isSpent ? then + grant.againMs * (0.75 + 0.5 * random()) : -Infinity
    this.#spentUntil = isSpent ? this.#askAt + timeoutMs : -Infinity
  }

  async #trip(request: LeaseRequest, clock: Clock): Promise<LeaseGrant | undefined> {
    this.#credit = 0
    const { store } = this.#settings
    const grant = await store.ask(this.#keys, request, clock, (late) => this.#lease.addLapsed(late))
    if (grant === undefined) return undefined
    const now = clock.now()
    this.#answeredAt = now
    this.#settings.processes = grant.processes
    if (grant.processes !== this.#processes) {
      this.#processes = grant.processes
      this.#own.change(now, this.#share())
    }
    return grant
  }

  #request(now: number): LeaseRequest {
    const { rate, member, leaseMs, store } = this.#settings
    return {
      ...rate,
      member,
      ask: 0,
      returned: 0,
      // What was let in while Redis was away was paid for by the time that passed.
      credit: store.failures > 0 ? 0 : this.#credit,
      aheadMs: leaseMs,
      isKnown: now - this.#answeredAt < (rate.burst / rate.perSecond) * 1_000,
      isLeaving: false,
    }
  }

  #share(): TokenRate {
    const { rate, localShareRatio } = this.#settings
    const ratio = localShareRatio ?? 1 / this.#processes
    const burst = rate.burst === 0 ? 0 : Math.max(1, Math.floor(rate.burst * ratio))
    return { perSecond: rate.perSecond * ratio, burst }
  }
}
