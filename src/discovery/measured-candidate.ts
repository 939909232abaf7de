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
// After so many times of what a failed call costs less than 0.01 % of it is left.
const forgottenAfter = 10

/**
 * Keeps the peak EWMA of latencies that Finagle's balancer of that name goes by: up at once, down with time; and in the same way the
 * share of calls that fail, which cost as much as a call that takes long. So an instance that fails fast does not look like a fast one. Nor does it
 * look like an idle one: a failed call stays in the count of those in flight for about as long as it costs, by the share of calls that fail.
 * That squares the share, so that errors which all instances have hardly count.
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
  #latencyAt = -Infinity
  #failing = 0
  /** How many calls that is known from. */
  #judged = 0
  #judgedAt = -Infinity
  /** Failed calls that count as if they were in flight, as it was when the last one failed. */
  #lingering = 0
  #failedAt = -Infinity

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
    if (tookMs >= 0 && verdict !== 'failure') this.#learn(verdict === 'success', tookMs, now)
    else if (tookMs > this.#latencyMs) this.#learn(false, tookMs, now)
    if (verdict === 'ignored') return
    this.calls++
    const kept = this.#weightOf(this.#judgedAt, now)
    if (verdict === 'failure') this.failures++
    // The first calls count alike: else the very first one would for seconds be nearly all that is known.
    this.#judged = this.#judged * kept + 1
    this.#failing += ((verdict === 'failure' ? 1 : 0) - this.#failing) * Math.max(1 - kept, 1 / this.#judged)
    if (now > this.#judgedAt) this.#judgedAt = now
    if (verdict !== 'failure') return
    this.#lingering = this.#lingeringAt(now) + this.#failing
    this.#failedAt = now
  }

  /** Of a call that is no promise nothing better is learned than what was known, faded as it is. */
  #learn(isPromise: boolean, tookMs: number, now: number): void {
    const kept = this.#weightOf(this.#latencyAt, now)
    const known = this.#latencyMs
    if (tookMs > known) this.#latencyMs = tookMs
    else this.#latencyMs = isPromise ? known * kept + tookMs * (1 - kept) : Math.max(known * kept, tookMs)
    if (now > this.#latencyAt) this.#latencyAt = now
  }

  loadAt(now: number): number {
    const { inFlight, weight } = this
    if (weight === 0) return Infinity
    if (this.#latencyAt === -Infinity && this.#judgedAt === -Infinity) return (unknownMs * inFlight) / weight
    const calls = inFlight + 1
    // Each fades by itself: a quick failure says nothing of how long calls take, and must not make an old time count anew.
    let loadMs = this.#latencyMs * calls * this.#weightOf(this.#latencyAt, now)
    if (this.#failing > 0) {
      const costMs = this.#failing * this.#penaltyMs * this.#weightOf(this.#judgedAt, now)
      loadMs += costMs * (calls + this.#lingeringAt(now))
    }
    return (loadMs + leastMs * calls) / weight
  }

  #lingeringAt(now: number): number {
    const elapsedMs = now - this.#failedAt
    if (elapsedMs >= forgottenAfter * this.#penaltyMs) return 0
    return elapsedMs > 0 ? this.#lingering * Math.exp(-elapsedMs / this.#penaltyMs) : this.#lingering
  }

  #weightOf(at: number, now: number): number {
    const elapsedMs = now - at
    return elapsedMs > 0 ? Math.exp(-elapsedMs / this.#decayMs) : 1
  }
}
