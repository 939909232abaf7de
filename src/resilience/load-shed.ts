// loadShed: under overload a server refuses, at once, the calls that matter least, so that it completes the others in time.
import type { Context } from '../core/context.ts'
import type { Endpoint, Middleware } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { type Criticality, criticality } from '../core/inbound.ts'
import { sendsStream } from '../core/method.ts'
import { tell } from '../core/tell.ts'
import { checkNumber, finite } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { Admission, type Load } from './admission.ts'
import type { Policy, RefusedEvent } from './policy.ts'
import { refusal } from './refusal.ts'

export type { Load } from './admission.ts'

/** How loaded the process is, told by those who know the runtime: on Node `eventLoopPressure` of platform/event-loop. */
export interface Pressure {
  /** At a moment of `clock.now()`: 0 when idle, 1 when the limit is reached, above 1 when overloaded. Asked once an interval. */
  level(now: number): number
}

/** What may be changed while running. */
export interface LoadShedChange {
  /**
   * How long calls may wait on the mean before they begin, in milliseconds, from 1 to Infinity, as `observeSojourn` is told; what
   * stands above it is a queue that does not go away. May be changed while running. @default 20
   */
  readonly maxSojournMs?: number | undefined
  /**
   * How long the service may need to complete what is in flight, in milliseconds, from 1 to Infinity, at the rate at which it completes
   * calls: by Little's law the time that a call takes on the mean. For services whose queue nobody tells of; a
   * quarter of what callers wait is right when that is well above what calls take at rest. May be changed while running. @default Infinity: not looked at
   */
  readonly maxInFlightMs?: number | undefined
}

/** How calls are shed. */
export interface LoadShedOptions extends LoadShedChange {
  /** How loaded the process is. @default not looked at */
  readonly pressure?: Pressure | undefined
  /** How often the shares are set, in milliseconds, from 10 to 10_000. With less than 200 calls a second it is up to ten times as long. @default 100 */
  readonly intervalMs?: number | undefined
  /** After how long callers are told to come again, in milliseconds from 0 on; each is told a time from half of it to one and a half, by chance. @default 500 */
  readonly retryAfterMs?: number | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/** The calls of one criticality. */
export interface LoadShedLevel {
  /** What part of them may begin, from 0 to 1. */
  readonly share: number
  /** How many came a second, lately. */
  readonly offeredPerSecond: number
  /** How many began since the policy was made. */
  readonly admitted: number
  readonly refused: number
}

/** What load shedding is set to, and how it was when a call last came. What is not looked at is undefined. */
export interface LoadShedSnapshot {
  readonly maxSojournMs: number | undefined
  readonly maxInFlightMs: number | undefined
  readonly intervalMs: number
  readonly retryAfterMs: number
  readonly isShedding: boolean
  readonly inFlight: number
  /** How many calls were completed a second, lately. */
  readonly servedPerSecond: number
  /** How loaded the service was, by each signal: 1 is its limit. */
  readonly load: Load
  readonly levels: Readonly<Record<Criticality, LoadShedLevel>>
}

/** Load shedding, and the doors to its state. */
export interface LoadShed extends Policy<LoadShedSnapshot> {
  /**
   * Hears how long a call has waited, inside this policy, when it begins or gives up; in milliseconds, 0 for one that need not wait. For a
   * bulkhead with a queue. It must be told of every call: the mean of those who waited alone would look like a queue.
   */
  observeSojourn(waitedMs: number): void
  /** Changes limits from the next interval on; what is left out stays. Throws as `loadShed` does, and then changes nothing. */
  change(options: LoadShedChange): void
}

/**
 * Refuses calls while the service is overloaded, before they run: `resource_exhausted`, safe to retry, with a time after which. The least
 * critical first, by the key `criticality`: calls that say nothing are `critical`, and those of callers who are not trusted say
 * nothing. None is refused before all less critical ones are. While the service could complete the critical calls alone, a limit
 * that is passed for a moment does not hold for them: only eight times the limit does, and for critical_plus sixteen times.
 *
 * It stands outermost on a server. It needs at least one signal of overload: `pressure`, waits told to `observeSojourn`, or `maxInFlightMs`.
 *
 * All four kinds of calls are decided on once, when they begin; streams that run are never cut. A response stream is in flight until
 * it is there to be read; calls with a stream of requests, which last as long as their callers like, are never counted as in flight.
 *
 * Throws a RangeError for an option out of its range.
 */
export function loadShed(options: LoadShedOptions = {}): LoadShed {
  const { pressure, onRefused, random = systemRandom } = options
  const retryAfterMs = checkNumber('retryAfterMs', options.retryAfterMs ?? 500, { min: 0, max: 3_600_000 })
  const settings = {
    ...checkLimits(options, { maxSojournMs: 20, maxInFlightMs: Infinity }),
    intervalMs: checkNumber('intervalMs', options.intervalMs ?? 100, { min: 10, max: 10_000 }),
    pressureAt: (now: number) => pressure?.level(now) ?? 0,
    random,
  }
  const admission = new Admission(settings)
  const refuse = (ctx: Context): Promise<never> => {
    const afterMs = Math.round(retryAfterMs * (0.5 + random()))
    const error = refusal('resource_exhausted', 'the service is overloaded', afterMs)
    tell(onRefused, { policy: 'load_shed', ctx, error })
    return Promise.reject(error)
  }
  return Object.assign(shed(admission, refuse), {
    observeSojourn: (waitedMs: number) => admission.waited(waitedMs),
    change: (changed: LoadShedChange) => void Object.assign(settings, checkLimits(changed, settings)),
    snapshot: () => snapshotOf(admission, settings, retryAfterMs),
  })
}

/** The limits that are asked for, in place of those that hold. */
function checkLimits(asked: LoadShedChange, held: Required<LoadShedChange>): Limits {
  const limits = { min: 1, max: Infinity }
  return {
    maxSojournMs: checkNumber('maxSojournMs', asked.maxSojournMs ?? (held.maxSojournMs as number), limits),
    maxInFlightMs: checkNumber('maxInFlightMs', asked.maxInFlightMs ?? (held.maxInFlightMs as number), limits),
  }
}

interface Limits {
  maxSojournMs: number
  maxInFlightMs: number
}

function shed(admission: Admission, refuse: (ctx: Context) => Promise<never>): Middleware {
  const onResponse = <Res>(response: Res): Res => {
    admission.inFlight--
    admission.complete()
    return response
  }
  const onThrown = (thrown: unknown): never => {
    admission.inFlight--
    if (usedTheService(thrown)) admission.complete()
    throw thrown
  }
  return <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> =>
    (request, ctx) => {
      if (!admission.admits(ctx.get(criticality), ctx.clock.now())) return refuse(ctx)
      const isCounted = !sendsStream(ctx.method)
      if (isCounted) admission.inFlight++
      else admission.complete()
      try {
        const response = next(request, ctx)
        return isCounted ? response.then(onResponse<Res>, onThrown) : response
      } catch (thrown) {
        return isCounted ? Promise.reject(thrown).catch(onThrown) : Promise.reject(thrown)
      }
    }
}

/** Whether an error is the end of work that was done. Calls that were refused further in, or gave up in a queue there, say nothing of what the service completes. */
function usedTheService(thrown: unknown): boolean {
  if (!(thrown instanceof ServiceError)) return true
  const { code } = thrown
  return code !== 'resource_exhausted' && code !== 'unavailable' && code !== 'deadline_exceeded' && code !== 'canceled'
}

function snapshotOf(
  admission: Admission,
  { maxSojournMs, maxInFlightMs, intervalMs }: Limits & { intervalMs: number },
  retryAfterMs: number,
): LoadShedSnapshot {
  const level = (of: Criticality): LoadShedLevel => {
    const { share, offered, admitted, refused } = admission.levels[of]
    return { share, offeredPerSecond: offered.value * 1_000, admitted, refused }
  }
  return {
    maxSojournMs: finite(maxSojournMs),
    maxInFlightMs: finite(maxInFlightMs),
    intervalMs,
    retryAfterMs,
    isShedding: admission.isLimited,
    inFlight: admission.inFlight,
    servedPerSecond: admission.servedPerSecond,
    load: admission.load,
    levels: {
      critical_plus: level('critical_plus'),
      critical: level('critical'),
      sheddable_plus: level('sheddable_plus'),
      sheddable: level('sheddable'),
    },
  }
}
