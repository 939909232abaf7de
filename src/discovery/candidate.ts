// Candidate: an instance that calls could go to, with what is known of how it does; what balancers choose among.
import type { Instance } from './instance.ts'

/** One instance and what calls go to it through. Its numbers are kept by the endpointer, for all balancers alike. */
export interface Candidate<Target = unknown> {
  readonly instance: Instance
  /** What sends to this instance: an endpoint, a connection. */
  readonly target: Target
  /** How much of the load it should get, in proportion to others. */
  readonly weight: number
  /** When it joined, as a moment of the clock. */
  readonly joinedAt: number
  /** Calls that have been sent there and have not ended. */
  readonly inFlight: number
  /** How long calls take there, in milliseconds: up at once with one that takes longer, down as time passes. 0 before the first one. */
  readonly latencyMs: number
  /** Which share of calls succeed there, from 0 to 1: 1 before the first one. */
  readonly successRatio: number
  /** What is known of its health, to look at: whom a balancer is given may be called, healthy or not. */
  readonly healthy: boolean
  /**
   * What one more call would cost there, in milliseconds: how long calls take, failed ones long, for each one in flight and the new one, by
   * weight. It fades while nobody calls, so that what was slow is tried again. 0 for one that was never called, much for one that never answered.
   */
  loadAt(now: number): number
}
