// Policy: the shape of every behaviour in this role, a middleware whose state an operator can look at, and what those that refuse calls tell alike.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import type { ServiceError } from '../core/errors.ts'

/** A middleware with a state. One policy is one state, however many endpoints it wraps. */
export interface Policy<Snapshot> {
  <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res>
  /** What it is set to and what it is doing now, as plain data that JSON can carry. */
  snapshot(): Snapshot
}

/** The policies that refuse calls. */
export type RefusingPolicy = 'circuit_breaker' | 'rate_limit' | 'bulkhead' | 'adaptive_limit' | 'load_shed'

/** A call was refused before it ran. */
export interface RefusedEvent {
  readonly policy: RefusingPolicy
  readonly ctx: Context
  /** What its caller gets. */
  readonly error: ServiceError
}

/** What a policy shares with other processes could not be read or changed. */
export interface StoreErrorEvent {
  readonly policy: RefusingPolicy
  readonly error: unknown
  /** How often in a row, this time included. */
  readonly failures: number
}
