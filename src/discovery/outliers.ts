// outliers: which instances fail far more often than the others of their set, and for how long they should be left alone.
import { checkNumber } from '../primitives/check.ts'

/** When an instance fails too often, and what follows. The defaults are those of Envoy where it has the option. */
export interface OutlierOptions {
  /** How long calls are counted before they are judged, in milliseconds; at least 1. @default 10_000 */
  readonly intervalMs?: number | undefined
  /** How many calls an instance must have had in an interval to be judged by it; at least 1. @default 100 */
  readonly minimumCalls?: number | undefined
  /** How many instances must have had that many for any to be judged; at least 3. @default 5 */
  readonly minimumInstances?: number | undefined
  /**
   * How many standard deviations below the mean of all a share of successes must be; above 0. One of n can be √(n - 1) below it at most: with 1.9
   * one of five is taken out, two of six that fail alike are not. @default 1.9
   */
  readonly deviations?: number | undefined
  /** Whoever fails at a smaller share of calls stays, however well all others do; from 0 to 1. @default 0.05 */
  readonly minFailureRatio?: number | undefined
  /** How long one is out for the first time, in milliseconds; twice as long for the second, three times for the third. @default 30_000 */
  readonly ejectMs?: number | undefined
  /** The longest time that one is out, in milliseconds; at least `ejectMs`. @default 300_000, or `ejectMs` where that is longer */
  readonly maxEjectMs?: number | undefined
}

/** What one instance did in an interval. */
export interface InstanceCounts {
  readonly id: string
  /** Calls that ended as a success or a failure; those whose outcome says nothing of the instance are left out. */
  readonly calls: number
  readonly failures: number
}

/** Judges instances by what they did, for whoever counts that. */
export interface OutlierDetector {
  /** How often it wants to be told. */
  readonly intervalMs: number
  /**
   * Takes what all instances of the set did since the last time, those without calls too: one that is not named is forgotten. Gives who is
   * out, and until which moment of the clock.
   */
  judge(counts: readonly InstanceCounts[], now: number): ReadonlyMap<string, number>
  /** What it made of the last interval. */
  snapshot(): OutlierSnapshot
}

/** What a detector made of the last interval. */
export interface OutlierSnapshot {
  /** How many instances had enough calls to be judged. */
  readonly judged: number
  /** Their mean share of successes; undefined where none was judged. */
  readonly meanRatio: number | undefined
  /** The share of successes below which an instance was taken out; undefined where none was judged. */
  readonly leastRatio: number | undefined
  /** Those that were taken out before and are not back to normal, whether they are out now or not. */
  readonly instances: readonly EjectedInstance[]
}

/** An instance that was taken out. */
export interface EjectedInstance {
  readonly id: string
  /** Until which moment of the clock it is out; it may have passed. */
  readonly until: number
  /** How many times it was, less the intervals that it was well since. */
  readonly times: number
}

/**
 * Success-rate outlier detection as Envoy does it: an instance is out when its share of successes in the interval is more than `deviations`
 * standard deviations below the mean of all that had enough calls. It is out for longer each time, and each interval in which it is in and well
 * takes one time back. An instance that fails alone, whatever others do, is the breaker's to judge.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function outliers(options: OutlierOptions = {}): OutlierDetector {
  return new SuccessRates(options)
}

class SuccessRates implements OutlierDetector {
  readonly intervalMs: number
  readonly #minimumCalls: number
  readonly #minimumInstances: number
  readonly #deviations: number
  readonly #minFailureRatio: number
  readonly #ejectMs: number
  readonly #maxEjectMs: number
  #ejected = new Map<string, EjectedInstance>()
  #judged: Pick<OutlierSnapshot, 'judged' | 'meanRatio' | 'leastRatio'> = nobody

  constructor(options: OutlierOptions) {
    const most = Number.MAX_SAFE_INTEGER
    this.intervalMs = checkNumber('intervalMs', options.intervalMs ?? 10_000, { min: 1, max: 2 ** 31 - 1 })
    this.#minimumCalls = checkNumber('minimumCalls', options.minimumCalls ?? 100, { min: 1, max: most, integer: true })
    this.#minimumInstances = checkNumber('minimumInstances', options.minimumInstances ?? 5, {
      min: 3,
      max: most,
      integer: true,
    })
    this.#deviations = checkNumber('deviations', options.deviations ?? 1.9, { min: Number.MIN_VALUE, max: most })
    this.#minFailureRatio = checkNumber('minFailureRatio', options.minFailureRatio ?? 0.05, { min: 0, max: 1 })
    this.#ejectMs = checkNumber('ejectMs', options.ejectMs ?? 30_000, { min: 1, max: most })
    const longest = options.maxEjectMs ?? Math.max(300_000, this.#ejectMs)
    this.#maxEjectMs = checkNumber('maxEjectMs', longest, { min: this.#ejectMs, max: most })
  }

  judge(counts: readonly InstanceCounts[], now: number): ReadonlyMap<string, number> {
    const before = this.#ejected
    const isOut = (id: string) => (before.get(id)?.until ?? -Infinity) > now
    // What ends while an instance is out are calls that it was sent before.
    const least = this.#measure(counts.filter(({ id, calls }) => calls >= this.#minimumCalls && !isOut(id)))
    this.#ejected = new Map()
    const out = new Map<string, number>()
    for (const each of counts) {
      const known = before.get(each.id)
      const next = isOut(each.id) ? known : this.#next(each, known, least, now)
      if (next === undefined) continue
      this.#ejected.set(each.id, next)
      if (next.until > now) out.set(each.id, next.until)
    }
    return out
  }

  snapshot(): OutlierSnapshot {
    return { ...this.#judged, instances: [...this.#ejected.values()] }
  }

  /** The share of successes that one must have. */
  #measure(counts: readonly InstanceCounts[]): number {
    this.#judged = nobody
    if (counts.length < this.#minimumInstances) return 0
    const ratios = counts.map(successRatio)
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
    const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / ratios.length
    const least = Math.min(mean - this.#deviations * Math.sqrt(variance), 1 - this.#minFailureRatio)
    this.#judged = { judged: ratios.length, meanRatio: mean, leastRatio: Math.max(0, least) }
    return least
  }

  /** What becomes of one that is in; undefined when nothing is to be remembered of it. */
  #next(
    counts: InstanceCounts,
    known: EjectedInstance | undefined,
    least: number,
    now: number,
  ): EjectedInstance | undefined {
    const times = known?.times ?? 0
    const { id, calls } = counts
    if (calls >= this.#minimumCalls && successRatio(counts) < least) {
      const outMs = Math.min(this.#ejectMs * (times + 1), this.#maxEjectMs)
      // Times that make it no longer are not counted: they would have to be taken back.
      return { id, until: now + outMs, times: outMs > this.#ejectMs * times ? times + 1 : times }
    }
    return known === undefined || times === 1 ? undefined : { ...known, times: times - 1 }
  }
}

const nobody = { judged: 0, meanRatio: undefined, leastRatio: undefined }

function successRatio({ calls, failures }: InstanceCounts): number {
  return 1 - failures / calls
}
