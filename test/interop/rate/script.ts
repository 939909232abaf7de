// Scripts for a token bucket: random ones, as Go's limiter reads them, and what ours makes of one.
import fc from 'fast-check'
import { type Reservation, TokenBucket } from '../../../src/resilience/token-bucket.ts'

/** One thing that is done. `of` is the index of an earlier step; times are in nanoseconds. */
export type Step =
  | { readonly op: 'allow' | 'reserve'; readonly count: number }
  | { readonly op: 'delay' | 'cancel' | 'leave'; readonly of: number }
  /** With a time limit, none where it is below 0. */
  | { readonly op: 'wait'; readonly count: number; readonly ns: number }
  | { readonly op: 'limit'; readonly rate: number }
  | { readonly op: 'burst'; readonly count: number }
  | { readonly op: 'tokens' }
  | { readonly op: 'advance'; readonly ns: number }

/** A rate below 0 is no limit. */
export interface Script {
  readonly rate: number
  readonly burst: number
  readonly steps: readonly Step[]
}

/** What came of a step: whether it was granted; how long it must wait (-1 for ever) or, of a wait, when it ended; the tokens. */
export interface StepResult {
  readonly ok?: boolean
  readonly ns?: number
  readonly tokens?: number
}

/** What a binary fraction of a millisecond and whole nanoseconds have in common: so both sides are at the very same moments. */
const gridNs = 15_625
const nsPerMs = 1e6

const anyRate = fc.oneof(
  fc.constantFrom(-1, 0, 0.5, 1, 3, 7, 10, 100, 333, 1_000),
  fc.double({ min: 0.01, max: 10_000, noNaN: true }),
)
const anyBurst = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 50 }))
const anyCount = fc.oneof(fc.constant(1), fc.nat({ max: 4 }), fc.nat({ max: 60 }))
const anyNs = fc
  .oneof(fc.constantFrom(64, 640, 6_400, 64_000), fc.nat({ max: 100 }), fc.nat({ max: 100_000 }))
  .map((cells) => cells * gridNs)
/** Never on the grid: where a deadline and a turn are one moment, Go leaves it to chance which comes first. */
const anyLimitNs = fc.oneof(
  fc.constant(-1),
  anyNs.map((ns) => ns + 3),
)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('allow'), count: anyCount }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('reserve'), count: anyCount }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('cancel'), of: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delay'), of: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('wait'), count: anyCount, ns: anyLimitNs }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('leave'), of: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('limit'), rate: anyRate }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('burst'), count: anyBurst }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('tokens') }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('advance'), ns: anyNs }) },
) as fc.Arbitrary<Step>

const anyScript: fc.Arbitrary<Script> = fc.record({
  rate: anyRate,
  burst: anyBurst,
  steps: fc.array(anyStep, { minLength: 5, maxLength: 60, size: 'max' }).map(linked),
})

/** The same ones for the same seed. */
export function randomScripts(count: number, seed: number): Script[] {
  return fc.sample(anyScript, { numRuns: count, seed })
}

/** Has each step that is about an earlier one be about one that there is; leaves it out where there is none. */
function linked(steps: readonly Step[]): Step[] {
  const result: Step[] = []
  for (const step of steps) {
    if (!('of' in step)) {
      result.push(step)
      continue
    }
    const about = step.op === 'leave' ? 'wait' : 'reserve'
    const earlier = result.flatMap(({ op }, i) => (op === about ? [i] : []))
    const of = earlier[step.of % earlier.length]
    if (of !== undefined) result.push({ ...step, of })
  }
  return result
}

/** Plays a script on a bucket of ours. */
export function played({ rate, burst, steps }: Script): StepResult[] {
  const bucket = new TokenBucket({ perSecond: perSecond(rate), burst })
  const reservations = new Map<number, Reservation>()
  const waits = new Map<number, Reservation>()
  const results: StepResult[] = []
  let now = 0
  const delayOf = (reservation: Reservation) => ({ ns: nanoseconds(reservation.delayMs(now)) })
  const reservationOf = (of: number) => reservations.get(of) as Reservation
  const steppers: { readonly [Op in Step['op']]: (step: Extract<Step, { op: Op }>, i: number) => StepResult } = {
    allow: ({ count }) => ({ ok: bucket.allow(now, count) }),
    reserve({ count }, i) {
      const reservation = bucket.reserve(now, count)
      reservations.set(i, reservation)
      return reservation.ok ? { ok: true, ...delayOf(reservation) } : { ok: false }
    },
    delay: ({ of }) => (reservationOf(of).ok ? delayOf(reservationOf(of)) : {}),
    cancel: ({ of }) => nothing(reservationOf(of).cancel(now)),
    // As WaitN does it: a reservation within the time limit, which is cancelled when the waiting is called off.
    wait({ count, ns }, i) {
      const reservation = bucket.reserve(now, count, ns < 0 ? Infinity : ns / nsPerMs)
      if (!reservation.ok) return { ok: false, ns: nanoseconds(now) }
      waits.set(i, reservation)
      return {}
    },
    leave({ of }) {
      const reservation = waits.get(of)
      if (reservation === undefined || reservation.at <= now) return {}
      waits.delete(of)
      reservation.cancel(now)
      results[of] = { ok: false, ns: nanoseconds(now) }
      return {}
    },
    limit: (step) => nothing(bucket.change(now, { perSecond: perSecond(step.rate) })),
    burst: ({ count }) => nothing(bucket.change(now, { burst: count })),
    tokens: () => ({ tokens: bucket.tokens(now) }),
    advance({ ns }) {
      now += ns / nsPerMs
      return {}
    },
  }
  for (const [i, step] of steps.entries()) results.push(steppers[step.op](step as never, i))
  for (const [i, { at }] of waits) if (at <= now) results[i] = { ok: true, ns: nanoseconds(at) }
  return results
}

function nothing(_: unknown): StepResult {
  return {}
}

function perSecond(rate: number): number {
  return rate < 0 ? Infinity : rate
}

/** Moments in milliseconds are rounded; what they stand for are whole nanoseconds. */
function nanoseconds(ms: number): number {
  return ms === Infinity ? -1 : Math.round(ms * nsPerMs)
}
