// opossum: a CircuitBreaker of the package `opossum` as our middleware.
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { tell } from '../../core/tell.ts'
import type { BreakerCause, BreakerState } from '../breaker-state.ts'
import type { StateChangeEvent } from '../circuit-breaker.ts'
import type { Policy, RefusedEvent, RefusingPolicy } from '../policy.ts'
import { refusal } from '../refusal.ts'
import { untilOver } from '../until-over.ts'
import { WrappedRun } from '../wrapped-run.ts'

/** What opossum is given for a call: what runs it, its request and its context. */
export type FiredCall = [run: () => Promise<unknown>, request: unknown, ctx: Context]

/** What is used of a `CircuitBreaker` of opossum 6 to 10, made with `runCall` as its action. */
export interface OpossumBreaker {
  readonly opened: boolean
  readonly halfOpen: boolean
  readonly enabled: boolean
  readonly isShutdown: boolean
  fire(...call: FiredCall): Promise<unknown>
  on(event: 'open', listener: () => void): unknown
  on(event: 'halfOpen', listener: () => void): unknown
  on(event: 'close', listener: () => void): unknown
}

/** Who hears of the breaker. */
export interface OpossumOptions {
  /** Told of each change of its state. @default nothing */
  readonly onStateChange?: ((event: StateChangeEvent) => void) | undefined
  /** Told of each call that it refuses. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** How the breaker is. */
export interface OpossumSnapshot {
  /** `disabled` while it lets all pass; `forced_open` once it was shut down. */
  readonly state: BreakerState
  /** How many calls it refused: open, shut down, or full. */
  readonly refused: number
}

/** The action of a breaker: runs the call that is fired. */
export function runCall(...[run]: FiredCall): Promise<unknown> {
  return run()
}

/**
 * Fires every call through the breaker, whose options hold: what counts, when it opens, its timeout, its capacity, its fallback (which
 * gets the run, the request, the context and the error). Give it `errorFilter`, or callers' mistakes open it. When it gives up on a call,
 * the call's context is called off. It refuses with `unavailable` while it is open or shut down and with `resource_exhausted` when it is
 * full, both safe to retry; its timeout is `deadline_exceeded`.
 *
 * Made for unary calls. A stream is refused while the circuit is open too, but has succeeded as soon as it has begun: opossum cannot
 * hear of its messages, nor of how it ends.
 */
export function opossum(breaker: OpossumBreaker, options: OpossumOptions = {}): Policy<OpossumSnapshot> {
  const { onStateChange, onRefused } = options
  let refused = 0
  if (onStateChange !== undefined) watch(breaker, onStateChange)

  const layer =
    <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> =>
    async (request, ctx) => {
      const run = new WrappedRun(next, request, ctx)
      try {
        // What it gives is the endpoint's response, or what its user's fallback or cache has in place of one.
        return (await untilOver(ctx, () => breaker.fire(() => run.begin(), request, ctx))) as Res
      } catch (thrown) {
        const refusedBy = run.hasThrown(thrown) ? undefined : refusals[codeOf(thrown)]
        if (refusedBy === undefined) throw run.hasThrown(thrown) ? thrown : timedOut(thrown)
        refused++
        const error = refusal(refusedBy.code, refusedBy.text, undefined, thrown)
        tell(onRefused, { policy: refusedBy.policy, ctx, error })
        throw error
      } finally {
        run.cancel(new ServiceError('deadline_exceeded', givenUp))
      }
    }
  return Object.assign(layer, { snapshot: () => ({ state: stateOf(breaker), refused }) })
}

const givenUp = 'the circuit breaker did not wait for the response'

interface Refused {
  readonly policy: RefusingPolicy
  readonly code: 'unavailable' | 'resource_exhausted'
  readonly text: string
}

const refusals: Readonly<Record<string, Refused>> = {
  EOPENBREAKER: { policy: 'circuit_breaker', code: 'unavailable', text: 'the circuit is open' },
  ESHUTDOWN: { policy: 'circuit_breaker', code: 'unavailable', text: 'the circuit was shut down' },
  ESEMLOCKED: { policy: 'bulkhead', code: 'resource_exhausted', text: 'the circuit is full' },
}

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' ? code : ''
}

/** A fallback of its user may throw anything, which goes up as it is. */
function timedOut(thrown: unknown): unknown {
  if (thrown instanceof ServiceError || codeOf(thrown) !== 'ETIMEDOUT') return thrown
  return new ServiceError('deadline_exceeded', givenUp, { cause: thrown })
}

function stateOf({ isShutdown, enabled, opened, halfOpen }: OpossumBreaker): BreakerState {
  if (isShutdown) return 'forced_open'
  if (!enabled) return 'disabled'
  return opened ? 'open' : halfOpen ? 'half_open' : 'closed'
}

/** What opossum does not say is what its rules would have been. */
function watch(breaker: OpossumBreaker, onStateChange: (event: StateChangeEvent) => void): void {
  let from = stateOf(breaker)
  const changed = (to: BreakerState, cause: BreakerCause) => {
    tell(onStateChange, { key: undefined, from, to, cause, openMs: undefined, reason: undefined, ctx: undefined })
    from = to
  }
  breaker.on('open', () => changed('open', from === 'half_open' ? 'probe_failed' : 'failure_ratio'))
  breaker.on('halfOpen', () => changed('half_open', 'open_time_over'))
  breaker.on('close', () => changed('closed', 'probes_succeeded'))
}
