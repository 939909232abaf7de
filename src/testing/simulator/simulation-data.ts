// What a run came to, as plain data that JSON can carry.
import type { ClientReport } from './client-tally.ts'
import type { LoadReport } from './load.ts'
import type { ServerReport } from './server-tally.ts'

/** A report as plain data. */
export interface SimulationData {
  readonly seed: number | string
  /** The stretch of virtual time that it is about. */
  readonly fromMs: number
  readonly untilMs: number
  /** How long each interval is; the last one may be shorter. */
  readonly intervalMs: number
  /** By name, as those of servers and clients are. */
  readonly loads: Readonly<Record<string, LoadReport>>
  readonly servers: Readonly<Record<string, ServerReport>>
  readonly clients: Readonly<Record<string, ClientReport>>
  /** What goes on at the end: all 0 after a drain in which nothing was leaked. */
  readonly pending: {
    /** Calls of loads that have not ended. */
    readonly calls: number
    /** Calls at instances that have not ended. */
    readonly served: number
    /** Timers of the clock, but for the next calls of loads and actions that are to come. */
    readonly timers: number
  }
}
