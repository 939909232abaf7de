// LeaseStore: the trips to Redis of one limit, each limited in time, none of which can become an outage or a storm of its own.
import type { Clock } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { tell } from '../../core/tell.ts'
import { within } from '../../core/within.ts'
import type { StoreErrorEvent } from '../policy.ts'
import { type LeaseGrant, type LeaseRequest, leaseArguments, leaseGrant } from './lease-request.ts'
import { leaseScript } from './lease-script.ts'
import type { RedisClient } from './redis-client.ts'
import { runScript } from './run-script.ts'

/** How trips are made. */
export interface LeaseStoreOptions {
  readonly client: RedisClient
  /** In milliseconds. */
  readonly timeoutMs: number
  /** How long to wait after failures in a row, the first of which is 0. */
  readonly delayMs: (failures: number) => number
  readonly onError: ((event: StoreErrorEvent) => void) | undefined
}

/** With more at once, of as many keys, the others go on with what they have. */
const mostTrips = 200

/** While Redis is away only one trip at a time is made, after the back-off, and it asks for nothing: however late it arrives, it takes nothing along. */
export class LeaseStore {
  readonly #options: LeaseStoreOptions
  readonly #pending = new Set<Promise<unknown>>()
  #failures = 0
  #failedAt = -Infinity
  #retryAt = -Infinity
  #trips = 0

  constructor(options: LeaseStoreOptions) {
    this.#options = options
  }

  /** Failures in a row; 0 while Redis answers. */
  get failures(): number {
    return this.#failures
  }

  /** How many trips were made. */
  get trips(): number {
    return this.#trips
  }

  /** Whether a trip may begin. */
  isOpen(now: number): boolean {
    return this.#failures === 0 ? this.#pending.size < mostTrips : this.#pending.size === 0 && now >= this.#retryAt
  }

  /** Makes a trip; undefined for one that failed. What comes after the time is told to `late`. */
  async ask(
    keys: readonly string[],
    request: LeaseRequest,
    clock: Clock,
    late: (grant: LeaseGrant) => void,
  ): Promise<LeaseGrant | undefined> {
    const startedAt = clock.now()
    const { client, timeoutMs } = this.#options
    this.#trips++
    let isLate = false
    const running = runScript(client, leaseScript, keys, leaseArguments(request)).then((reply) => {
      const grant = leaseGrant(reply)
      if (isLate) late(grant)
      return grant
    })
    const trip = within(running, { clock, limitMs: timeoutMs, late: () => tooLate(timeoutMs), background: true })
    this.#pending.add(trip)
    try {
      const grant = await trip
      this.#failures = 0
      return grant
    } catch (error) {
      isLate = true
      this.#fail(error, startedAt, clock.now())
      return undefined
    } finally {
      this.#pending.delete(trip)
    }
  }

  /** Resolves when no trip is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending)
  }

  #fail(error: unknown, startedAt: number, now: number): void {
    // Trips that were under way together fail together, which is one failure.
    if (startedAt < this.#failedAt && this.#failures > 0) return
    this.#failedAt = now
    this.#retryAt = now + this.#options.delayMs(this.#failures)
    this.#failures++
    tell(this.#options.onError, { policy: 'rate_limit', error, failures: this.#failures })
  }
}

function tooLate(timeoutMs: number): Error {
  return new Error(`Redis did not answer within ${formatDuration(timeoutMs)}`)
}
