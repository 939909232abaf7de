// circuitBreaker: stops calling what fails, and finds out by a few calls when it is well again.
import { type Clock, systemClock } from '../core/clock.ts'
import type { Verdict } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import { type Endpoint, tap } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { type Classify, classify, type Outcome, outcomeOf, outcomeOfError } from '../core/outcome.ts'
import { isAsyncIterable } from '../core/streams.ts'
import { surface, tell } from '../core/tell.ts'
import { mostKeys } from '../primitives/bounded-map.ts'
import { checkNumber } from '../primitives/check.ts'
import { beginCall } from './begin-call.ts'
import { type Breaker, refused } from './breaker.ts'
import { type BreakerLimits, type BreakerOptions, breakerSettings } from './breaker-settings.ts'
import type { BreakerChange, BreakerState, ForcedState } from './breaker-state.ts'
import { checkText } from './call-key.ts'
import { type BreakerKey, type Forced, type KeyedBreakerSnapshot, KeyedBreakers } from './keyed-breakers.ts'
import type { Policy, RefusedEvent } from './policy.ts'
import { refusal } from './refusal.ts'

export type { BreakerLimits, BreakerOptions } from './breaker-settings.ts'
export type { BreakerCause, BreakerChange, BreakerSnapshot, BreakerState, ForcedState } from './breaker-state.ts'
export type { BreakerKey, Forced, KeyedBreakerSnapshot } from './keyed-breakers.ts'

/** What a circuit breaker is set to. `Req` is what `key` takes a request for; that the endpoints have it is the user's word. */
export interface CircuitBreakerOptions<Req = unknown> extends BreakerOptions {
  /** What the outcome of a call says about the health of whoever was called. @default classify: what the error's code means */
  readonly classify?: Classify | undefined
  /** Whose circuit a call belongs to: each key has one of its own. A call fails with what this throws. @default one for all calls */
  readonly key?: ((request: Req, ctx: Context) => string) | undefined
  /** For how many keys there are circuits at once; an integer from 1 to 2^23. One that is new then takes the place of a closed one that was not called lately. @default 1_000 */
  readonly maxKeys?: number | undefined
  /** A snapshot of another one to go on from; see `restore`. @default none */
  readonly restore?: CircuitBreakerSnapshot | undefined
  /** For snapshots and restoring; calls go by the clock of their context. @default systemClock */
  readonly clock?: Clock | undefined
  /** Told of each change. @default nothing */
  readonly onStateChange?: ((event: StateChangeEvent) => void) | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** A circuit changed its state. */
export interface StateChangeEvent extends BreakerChange {
  /** Which circuit it was; undefined where there is one for all calls. */
  readonly key: BreakerKey
}

/** What a circuit breaker is set to and how its circuits are. */
export interface CircuitBreakerSnapshot {
  readonly settings: BreakerLimits & { readonly maxKeys: number | undefined }
  /** What all circuits were forced to; undefined when they were not. */
  readonly forced: Forced | undefined
  /** One without a key, or one for each key. */
  readonly circuits: readonly KeyedBreakerSnapshot[]
}

/** How a state is forced. */
export interface ForceOptions {
  /** For whoever looks at the snapshot. @default none */
  readonly reason?: string | undefined
  /** Of which circuit. @default all, those of keys to come too */
  readonly key?: string | undefined
}

/** A policy that refuses calls while its circuit is open. */
export interface CircuitBreaker extends Policy<CircuitBreakerSnapshot> {
  /** The state of the circuit, or of that of a key, as the last call left it: an open one whose time is over is open until the next call. */
  state(key?: string): BreakerState
  /**
   * Has it stay `open` (nothing passes), `closed` (all passes and nothing is counted) or `disabled` (all passes and is counted)
   * until it is told otherwise; `undefined` takes that back. It is closed then, and begins to count, or goes on counting after `disabled`.
   */
  force(state: ForcedState | undefined, options?: ForceOptions): void
  /**
   * Goes on where another one was, in this process or in one before: open circuits for what is left of their time, and with all that was
   * counted, by the clock on the wall. Half-open ones begin their probes anew. Circuits that the snapshot does not have stay as they are.
   */
  restore(snapshot: CircuitBreakerSnapshot): void
}

/**
 * Refuses calls with `unavailable`, safe to be retried elsewhere, while its circuit is open: after failures in a row, or when too great
 * a share of the calls lately failed or were slow. The error's cause is what failed last. After its open time, and some probes that succeed, it closes. What is `ignored`
 * counts as nothing. A call that hangs is not counted before it ends, so a timeout belongs inside of this.
 *
 * A unary call and one with a stream of requests count when they end, and are late, hence failed, after their deadline. One with a
 * stream of responses counts when that ends; as a probe it has succeeded with its first message. No stream is slow. Throws a RangeError
 * for a number out of its range, and a TypeError for options that contradict each other.
 */
export function circuitBreaker<Req = unknown>(options: CircuitBreakerOptions<Req> = {}): CircuitBreaker {
  const { key, onStateChange, onRefused, clock = systemClock } = options
  if (key !== undefined && typeof key !== 'function')
    throw new TypeError(`key must be a function, but is ${typeof key}`)
  const keyOf = key as CircuitBreakerOptions['key']
  const maxKeys = checkNumber('maxKeys', options.maxKeys ?? 1_000, { min: 1, max: mostKeys, integer: true })
  const settings = breakerSettings(options)
  const breakers = new KeyedBreakers({
    settings,
    maxKeys: key === undefined ? 1 : maxKeys,
    clock,
    onChange: onStateChange && ((of, change) => onStateChange({ key: of, ...change })),
  })
  const only = key === undefined ? breakers.of(undefined) : undefined
  const guard = new Guard(options.classify ?? classify, settings.limits.slowMs !== undefined, onRefused)

  const layer = <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> => {
    if (only !== undefined) return (request, ctx) => guard.call(only, next, request, ctx)
    return (request, ctx) => {
      let breaker: Breaker
      try {
        breaker = breakers.of(keyOf && checkText('circuitBreaker', keyOf(request, ctx)))
      } catch (thrown) {
        return Promise.reject(thrown)
      }
      return guard.call(breaker, next, request, ctx)
    }
  }
  const known = (asked: string | undefined): BreakerKey => {
    if (asked !== undefined && key === undefined)
      throw new TypeError(`there is no circuit of a key without the option key`)
    return asked
  }
  // It may have been anywhere meanwhile.
  const restore = ({ circuits, forced }: Partial<CircuitBreakerSnapshot>): void => {
    const fits = (circuit: KeyedBreakerSnapshot | null) =>
      circuit !== null && typeof circuit === 'object' && typeof circuit.key === (key ? 'string' : 'undefined')
    breakers.restore(Array.isArray(circuits) ? circuits.filter(fits) : [], forced)
  }
  if (options.restore !== undefined) restore(options.restore)
  return Object.assign(layer, {
    snapshot: (): CircuitBreakerSnapshot => ({
      settings: { ...settings.limits, maxKeys: key && maxKeys },
      forced: breakers.forced,
      circuits: breakers.snapshots(),
    }),
    state: (asked?: string) => breakers.stateOf(known(asked)),
    force(state: ForcedState | undefined, { reason, key: asked }: ForceOptions = {}) {
      if (known(asked) === undefined) breakers.forceAll(state, reason)
      else breakers.of(asked).force(state, reason)
    },
    restore,
  })
}

/** A call that may run. */
interface Admission {
  readonly breaker: Breaker
  readonly ticket: number
  /** Not a number for what is never slow. */
  readonly startedAt: number
  /** Whether its first message says that all is well. */
  isProved: boolean
}

/** Lets calls through, and tells their breaker how they ended. */
class Guard {
  readonly #classify: Classify
  readonly #timesCalls: boolean
  readonly #onRefused: ((event: RefusedEvent) => void) | undefined
  /** What each one failed with last: why it is open. */
  readonly #lastErrors = new WeakMap<Breaker, ServiceError>()

  constructor(judge: Classify, timesCalls: boolean, onRefused: ((event: RefusedEvent) => void) | undefined) {
    this.#classify = judge
    this.#timesCalls = timesCalls
    this.#onRefused = onRefused
  }

  call<Req, Res>(breaker: Breaker, next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    const { ticket } = breaker
    if (ticket === refused) return this.#callUnlessOpen(breaker, next, request, ctx)
    const startedAt = this.#timesCalls && ctx.method.kind === 'unary' ? ctx.clock.now() : untimed
    return beginCall(next, request, ctx).then(
      (response) => {
        if (typeof response === 'object' && isAsyncIterable(response)) {
          const admission = { breaker, ticket, startedAt: untimed, isProved: true }
          return this.#watch(admission, () => Promise.resolve(response), request, ctx)
        }
        const now = ctx.clock.now()
        const { failed } = ctx.method
        const isPlain = failed === undefined && now < ctx.deadlineAt && this.#classify === classify
        const verdict = isPlain ? 'success' : this.#judge(answerOf(response, now, ctx))
        breaker.record(ticket, verdict, now - startedAt, now, ctx)
        return response
      },
      (thrown) => {
        const now = ctx.clock.now()
        const outcome = failureOf(thrown, ctx)
        const verdict = this.#judge(outcome)
        if (verdict === 'failure') this.#noteError(breaker, outcome)
        breaker.record(ticket, verdict, now - startedAt, now, ctx)
        throw thrown
      },
    )
  }

  #callUnlessOpen<Req, Res>(breaker: Breaker, next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    const now = ctx.clock.now()
    const ticket = breaker.allow(now, ctx)
    if (ticket !== refused) {
      const startedAt = ctx.method.kind === 'unary' ? now : untimed
      return this.#watch({ breaker, ticket, startedAt, isProved: false }, next, request, ctx)
    }
    const leftMs = breaker.openForMs(now)
    const afterMs = leftMs === undefined ? undefined : Math.ceil(leftMs)
    const text = breaker.state === 'forced_open' ? 'the circuit is forced open' : 'the circuit is open'
    const error = refusal('unavailable', text, afterMs, this.#lastErrors.get(breaker))
    tell(this.#onRefused, { policy: 'circuit_breaker', ctx, error })
    return Promise.reject(error)
  }

  /** Also hears of the end of a stream, and of a call that is called off while it hangs: a probe then gives its place back. */
  #watch<Req, Res>(admission: Admission, next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    const { breaker, ticket, startedAt } = admission
    const watched = tap<Req, Res, void>(next, {
      onStart() {},
      onMessage() {
        if (admission.isProved) return
        admission.isProved = true
        breaker.record(ticket, 'success', untimed, ctx.clock.now(), ctx)
      },
      onEnd: (_, outcome) => {
        const now = ctx.clock.now()
        const verdict = this.#judge(outcome)
        if (verdict === 'failure') this.#noteError(breaker, outcome)
        breaker.record(ticket, verdict, now - startedAt, now, ctx)
      },
    })
    return watched(request, ctx)
  }

  #noteError(breaker: Breaker, { error }: Outcome): void {
    if (error !== undefined) this.#lastErrors.set(breaker, error)
  }

  /** A judge who throws must not change what the caller gets. */
  #judge(outcome: Outcome): Verdict {
    try {
      return this.#classify(outcome)
    } catch (thrown) {
      surface(thrown)
      return classify(outcome)
    }
  }
}

/** Whatever time has passed since then, it is not too long. */
const untimed = Number.NaN

/** An answer that nobody waits for any more is none. */
function answerOf(response: unknown, now: number, ctx: Context): Outcome {
  return now < ctx.deadlineAt ? outcomeOf(response, ctx.method.failed) : abortOf(ctx)
}

/** What an endpoint throws because it was called off may be anything. */
function failureOf(thrown: unknown, ctx: Context): Outcome {
  return thrown instanceof ServiceError || !ctx.aborted ? outcomeOfError(thrown) : abortOf(ctx)
}

function abortOf(ctx: Context): Outcome {
  return outcomeOfError(ServiceError.fromAbort(ctx.cause))
}
