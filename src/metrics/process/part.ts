// One theme of what is measured of the process: what all of them have in common.
import type { Clock } from '../../core/clock.ts'

/** Reads its theme into metrics. Where the runtime has not what is to be read there is no part, and none of its metrics. */
export interface Part {
  /** Reads what is there now. What it throws is not heard: its metrics then keep what they had. */
  read(): void
  /** Stops what runs between the readings. @default nothing runs */
  stop?(): void
}

/** What the parts are told. */
export interface PartSettings {
  /** How far back what is measured over time reaches at least, in milliseconds. */
  readonly windowMs: number
  /** How often the delay of the event loop is sampled, in milliseconds. */
  readonly delayResolutionMs: number
  readonly clock: Clock
}
