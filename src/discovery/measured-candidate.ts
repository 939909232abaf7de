// MeasuredCandidate: one instance with all numbers that balancers look at, in one object, since thousands of them are looked at by chance.
import type { Verdict } from '../core/codes.ts'
import type { Candidate } from './candidate.ts'
import type { Instance } from './instance.ts'
import type { InstanceHealth } from './instance-health.ts'
import type { InstanceCounts } from './outliers.ts'

/** How numbers are kept. */
export interface MeasureOptions {
  /** After this long without a call what was measured has lost all but 1/e, 37 %, of its weight; in milliseconds. */
  readonly decayMs: number
  /** What a failed call costs beside the time it took, in milliseconds. */
  readonly failurePenaltyMs: number
}

// What a call to an instance that has never answered may take: it gets no second one unless others are as busy as that.
const unknownMs = 1_000
// Where calls take no time at all, those in flight still tell instances apart.
const leastMs = 0.001

/**
 * Keeps the peak EWMA of latencies that Finagle's balancer of that name goes by: up at once, down with time; and in the same way the
 * share of calls that fail, which cost as much as a call that takes long. So an instance that fails fast does not look like a fast one.
 */
export class MeasuredCandidate<Target> implements Candidate<Target> {
  instance: Instance
  readonly target: Target
  readonly health: InstanceHealth | undefined
  readonly joinedAt: number
  weight: number
  inFlight = 0
  /** Since they were taken last: calls that said something about the instance. */
  calls = 0
  failures = 0
  /** Whether it is taken out for a while, since it does worse than the others. */
  isEjected = false
  /** Gets no new calls, and is let go of when those in flight have ended. */
  isLeaving = false
  /** Which set it was last seen in, by its number. */
  seenIn = 0
  readonly #decayMs: number
  readonly #penaltyMs: number
  #latencyMs = 0
  #failing = 0
  #sampledAt = -Infinity

  constructor(
    instance: Instance,
    target: Target,
    health: InstanceHealth | undefined,
    joinedAt: number,
    { decayMs, failurePenaltyMs }: MeasureOptions,
  ) {
    this.instance = instance
    this.target = target
    this.health = health
    this.joinedAt = joinedAt
    this.weight = instance.weight ?? 1
    this.#decayMs = decayMs
    this.#penaltyMs = failurePenaltyMs
  }

  get latencyMs(): number {
    return this.#latencyMs
  }

  get successRatio(): number {
    return 1 - this.#failing
  }

  get healthy(): boolean {
    return !this.isEjected && this.health?.healthy !== false
  }

  /** What calls came to since this was asked last. */
  takeCounts(): InstanceCounts {
    const { calls, failures } = this
    this.calls = 0
    this.failures = 0
    return { id: this.instance.id, calls, failures }
  }

  /** Its registry says something else of it now. */
  change(instance: Instance): void {
    this.instance = instance
    this.weight = instance.weight ?? 1
  }

  begin(): void {
    this.inFlight++
  }

  /**
   * A call has ended. Of one that failed, or says nothing about the instance, only a time that is longer than usual counts: the
   * quick ones are no promise. `tookMs` is NaN where no time can be told.
   */
  end(verdict: Verdict, tookMs: number, now: number): void {
    this.inFlight--
    const kept = this.#weightAt(now)
    if (tookMs > this.#latencyMs) this.#latencyMs = tookMs
    else if (verdict === 'success' && tookMs >= 0) this.#latencyMs = this.#latencyMs * kept + tookMs * (1 - kept)
    // Else whoever answers nothing but `unimplemented` would seem never to have answered, and cost nothing.
    if (now > this.#sampledAt) this.#sampledAt = now
    if (verdict === 'ignored') return
    this.calls++
    if (verdict === 'failure') this.failures++
    this.#failing = this.#failing * kept + (verdict === 'failure' ? 1 - kept : 0)
  }

  loadAt(now: number): number {
    const { inFlight, weight } = this
    if (weight === 0) return Infinity
    if (this.#sampledAt === -Infinity) return (unknownMs * inFlight) / weight
    const costMs = (this.#latencyMs + this.#failing * this.#penaltyMs) * this.#weightAt(now)
    return ((costMs + leastMs) * (inFlight + 1)) / weight
  }

  #weightAt(now: number): number {
    const elapsedMs = now - this.#sampledAt
    return elapsedMs > 0 ? Math.exp(-elapsedMs / this.#decayMs) : 1
  }
}
