// EndpointerOptions: how instances become candidates, and what is told of them.
import type { Clock } from '../core/clock.ts'
import type { Classify } from '../core/outcome.ts'
import type { Balancer } from './balancer.ts'
import type { Instance } from './instance.ts'
import type { InstanceHealth } from './instance-health.ts'
import type { Instancer } from './instancer.ts'
import type { OutlierDetector } from './outliers.ts'

/** How candidates are made and judged. */
export interface EndpointerOptions<Target> {
  /** Says which instances there are. It is not disposed here. */
  readonly instancer: Instancer
  /** Makes what sends to an instance. One that throws is left out, and tried again after a while. */
  readonly connect: (instance: Instance) => Target
  /** Lets go of it, when no call uses it any more. @default nothing */
  readonly disconnect?: ((target: Target) => Promise<void> | void) | undefined
  /** Chooses, and looks at no target. */
  readonly balancer: Balancer
  /** Judges each instance by itself: a breaker, a probe. @default all are healthy */
  readonly health?: ((instance: Instance) => InstanceHealth) | undefined
  /** Judges instances by each other. @default no one does */
  readonly outliers?: OutlierDetector | undefined
  /** How large a share must be healthy for health to count, from 0 to 1; below it all are called. @default 0.5 */
  readonly panicRatio?: number | undefined
  /** What the outcome of a call says about its instance. @default classify: what the error's code means */
  readonly classify?: Classify | undefined
  /** How fast what was measured of an instance fades, in milliseconds: to 37 % after this long without a call; at least 1. @default 10_000 */
  readonly decayMs?: number | undefined
  /** What a failed call costs beside the time it took, in milliseconds; at least 0. @default 1_000 */
  readonly failurePenaltyMs?: number | undefined
  /** For all that is not part of a call. @default systemClock */
  readonly clock?: Clock | undefined
  /** Told when instances have come, gone, or are called again, or no longer, by what is known of their health. @default nothing */
  readonly onUpdate?: ((event: CandidatesUpdate) => void) | undefined
  /** Told of an instance that could not be connected. @default nothing */
  readonly onConnectError?: ((event: ConnectErrorEvent) => void) | undefined
}

/** The set of candidates has changed. */
export interface CandidatesUpdate {
  /** What was looked up. */
  readonly name: string
  readonly joined: readonly Instance[]
  readonly left: readonly Instance[]
  /** How many there are, and how many of them may be called. */
  readonly instances: number
  readonly admitted: number
  /** Whether all count as healthy since too few are. */
  readonly panic: boolean
}

/** An instance could not be connected. */
export interface ConnectErrorEvent {
  readonly name: string
  readonly instance: Instance
  readonly error: unknown
}
