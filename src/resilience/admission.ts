// Admission: the control loop of load-shed, apart from calls; what share of each criticality may begin, worked out from how the last moments went.
import type { Criticality } from '../core/inbound.ts'
import { surface } from '../core/tell.ts'
import { Ewma } from '../primitives/ewma.ts'
import type { Random } from '../primitives/random.ts'

/** What an Admission is set to, read anew each interval, so that whoever holds it may change it. */
export interface AdmissionSettings {
  readonly intervalMs: number
  /** Infinity: not looked at. */
  readonly maxSojournMs: number
  /** Infinity: not looked at. */
  readonly maxInFlightMs: number
  /** How loaded the process is; 1 is its limit. */
  readonly pressureAt: (now: number) => number
  readonly random: Random
}

/** How loaded the service was in the last interval, by each signal; 1 is the limit of each. */
export interface Load {
  readonly pressure: number
  readonly sojourn: number
  readonly inFlight: number
}

const noLoad: Load = Object.freeze({ pressure: 0, sojourn: 0, inFlight: 0 })

// How far beyond completions calls may begin while there is no load: 0.1 works a wait of the default limit off, or up, in two intervals.
const gain = 0.1
// At least this much of what is completed may begin while a queue is worked off.
const leastRatio = 0.5
// After so many intervals with hardly any load, what may begin grows twice as fast with each further one.
const calmIntervals = 3
const calmLoad = 0.25
// One call a second may always begin: without any, nobody would find out that the service is well again.
const leastPerMs = 1e-3
// An interval goes on until so many calls came, or ten times as long: what few calls did says little. After twenty, all is too long ago.
const leastCalls = 20
const longestIntervals = 10
const staleIntervals = 20
// A wait that did not stand for two intervals counts for a quarter: a burst is forgiven, unless it is a large one.
const burstRatio = 4
// A tolerance is whole while the service could complete those calls and the dearer ones, for then the queue goes away without refusing any; it is gone when they are so much more.
const excessRatio = 0.25
// In flight on the mean. What two calls do is not a queue.
const leastInFlight = 2
const offeredDecayIntervals = 2
const servedDecayIntervals = 4
const usualDecayIntervals = 100
const usualOfServed = 1.5
const leastOfUsual = 0.1

/** The calls of one criticality. */
export class Level {
  readonly criticality: Criticality
  /** How far above its limit a signal may be before these calls are held to what is completed, as long as the service could complete them. */
  readonly tolerance: number
  readonly offered: Ewma
  /** What part of them may begin. */
  share = 1
  admitted = 0
  refused = 0
  /** Came up to the beginning of the interval. */
  before = 0

  constructor(criticality: Criticality, tolerance: number, intervalMs: number) {
    this.criticality = criticality
    this.tolerance = tolerance
    this.offered = new Ewma({ decayMs: offeredDecayIntervals * intervalMs })
  }
}

/**
 * Decides which calls may begin. Once an interval, when a call comes, it sets the rate at which calls may: what the service
 * completes × (1 + gain × (1 - load)), by the signal that gives the least. So a service at its limit is given what
 * it completes, one with a queue less until the queue is gone, one with room more until all calls find room. That
 * follows from what is completed now, and nothing is summed up over time: it is right one interval after a change, and
 * leaves nothing to unwind.
 *
 * The dearest calls are given the rate first, as many as lately came of each level; at the last level that gets any, it is a share
 * by chance, so that control is smooth. The dearer levels have a tolerance: what a burst left behind is worked off at
 * the expense of the others, while that is enough.
 *
 * Levels by criticality, moved by what was admitted, are those of DAGOR (Zhou et al., "Overload Control for Scaling WeChat
 * Microservices", SoCC 2018); that only a wait which stands counts is CoDel's (Nichols and Jacobson, "Controlling
 * Queue Delay", ACM Queue 2012).
 */
export class Admission {
  /** Calls that have begun and are not completed. */
  inFlight = 0
  readonly levels: Readonly<Record<Criticality, Level>>
  /** Dearest first. */
  readonly #ordered: readonly Level[]
  readonly #settings: AdmissionSettings
  readonly #served: Ewma
  /** As `#served`, over a hundred intervals. */
  readonly #usual: Ewma
  #load: Load = noLoad
  /** Calls per millisecond; Infinity while all may begin. */
  #rate = Infinity
  #calm = 0
  #waitBeforeMs = 0
  // The interval.
  #since = Number.NaN
  #came = 0
  #inFlightSum = 0
  #completed = 0
  #waits = 0
  #waitedMs = 0

  constructor(settings: AdmissionSettings) {
    this.#settings = settings
    const { intervalMs } = settings
    this.levels = {
      critical_plus: new Level('critical_plus', 16, intervalMs),
      critical: new Level('critical', 8, intervalMs),
      sheddable_plus: new Level('sheddable_plus', 1, intervalMs),
      sheddable: new Level('sheddable', 1, intervalMs),
    }
    this.#ordered = Object.values(this.levels)
    this.#served = new Ewma({ decayMs: servedDecayIntervals * intervalMs })
    this.#usual = new Ewma({ decayMs: usualDecayIntervals * intervalMs })
  }

  get load(): Load {
    return this.#load
  }

  /** Whether the rate is limited; most of the time all calls may begin. */
  get isLimited(): boolean {
    return this.#rate !== Infinity
  }

  /** How many calls were completed lately. */
  get servedPerSecond(): number {
    return this.#served.value * 1_000
  }

  /** Whether a call may begin; counts it. */
  admits(criticality: Criticality, now: number): boolean {
    // Written so that it is done at the first call too.
    if (!(now - this.#since < this.#settings.intervalMs)) this.#tick(now)
    this.#came++
    this.#inFlightSum += this.inFlight
    const level = this.levels[criticality]
    const { share } = level
    if (share === 1 || (share > 0 && this.#settings.random() < share)) {
      level.admitted++
      return true
    }
    level.refused++
    return false
  }

  /** A call that had begun was completed: it used what the service has to give. */
  complete(): void {
    this.#completed++
  }

  /** A call had waited so long when it was begun, or gave up waiting. */
  waited(waitedMs: number): void {
    this.#waits++
    // Written so that NaN, which would be the mean of them all, is none.
    if (waitedMs > 0) this.#waitedMs += waitedMs
  }

  #tick(now: number): void {
    const { intervalMs } = this.#settings
    const elapsedMs = now - this.#since
    if (this.#came < leastCalls && elapsedMs < longestIntervals * intervalMs) return
    if (elapsedMs < staleIntervals * intervalMs) this.#adjust(now, elapsedMs)
    else this.#forget()
    this.#since = now
    this.#came = 0
    this.#inFlightSum = 0
    this.#completed = 0
    this.#waits = 0
    this.#waitedMs = 0
    for (const level of this.#ordered) level.before = level.admitted + level.refused
  }

  #forget(): void {
    this.#load = noLoad
    this.#waitBeforeMs = 0
    this.#letAll()
  }

  #letAll(): void {
    this.#rate = Infinity
    this.#calm = 0
    for (const level of this.#ordered) level.share = 1
  }

  #adjust(now: number, elapsedMs: number): void {
    this.#served.add(this.#completed / elapsedMs, now)
    this.#usual.add(this.#completed / elapsedMs, now)
    for (const level of this.#ordered) {
      level.offered.add((level.admitted + level.refused - level.before) / elapsedMs, now)
    }
    this.#load = this.#measure(now)
    const queue = Math.max(this.#load.sojourn, this.#load.inFlight)
    if (queue > 1 || this.#load.pressure > 1 || this.isLimited) this.#limit(queue, this.#load.pressure)
  }

  #measure(now: number): Load {
    const { maxSojournMs, maxInFlightMs } = this.#settings
    const served = Math.max(this.#served.value, leastPerMs)
    // Those who begin now tell of the queue as it was when they came. A call that comes now waits no longer than all before it take (Little's law).
    const waitMs = this.#waits === 0 ? 0 : Math.min(this.#waitedMs / this.#waits, this.inFlight / served)
    const stoodMs = Math.max(Math.min(waitMs, this.#waitBeforeMs), waitMs / burstRatio)
    this.#waitBeforeMs = waitMs
    const inFlight = this.#inFlightSum / this.#came
    return {
      pressure: this.#pressureAt(now),
      sojourn: stoodMs / maxSojournMs,
      inFlight: inFlight > leastInFlight ? inFlight / served / maxInFlightMs : 0,
    }
  }

  #pressureAt(now: number): number {
    try {
      // NaN is no load.
      return Math.max(0, this.#settings.pressureAt(now)) || 0
    } catch (thrown) {
      surface(thrown)
      return 0
    }
  }

  #limit(queue: number, pressure: number): void {
    const load = Math.max(queue, pressure)
    this.#calm = load < calmLoad ? this.#calm + 1 : 0
    const isCalm = this.#calm >= calmIntervals
    const slope = isCalm ? Math.min(1, gain * 2 ** (this.#calm - calmIntervals)) : gain
    const ratio = (of: number) => Math.max(leastRatio, 1 + slope * (1 - of))
    const served = Math.max(leastPerMs, this.#served.value)
    // Completions follow what begins, by as long as a call takes; what was allowed need not wait for them once it is plain that there is room.
    const base = isCalm && this.isLimited ? Math.max(served, this.#rate) : served
    // A queue is of calls, and shows what can be completed. Pressure may come from elsewhere: then less that begins relieves nothing, and
    // to follow what is completed, less each time, would end at nothing.
    // But what was usual may have been cheap calls, of which dear ones can never be as many: it counts while it is not far from what is completed.
    const usual = Math.max(
      base,
      Math.min(this.#usual.value, Math.max(usualOfServed * served, leastOfUsual * this.#usual.value)),
    )
    let given = 0
    let isShort = false
    for (const level of this.#ordered) {
      const offered = level.offered.value
      const excess = Math.max(0, (given + offered) / served - 1)
      const tolerance = 1 + (level.tolerance - 1) * Math.max(0, 1 - excess / excessRatio)
      this.#rate = Math.max(leastPerMs, Math.min(base * ratio(queue / tolerance), usual * ratio(pressure / tolerance)))
      const room = this.#rate - given
      level.share = isShort ? 0 : offered <= room ? 1 : Math.max(0, room / offered)
      isShort ||= level.share < 1
      given += level.share * offered
    }
    if (!isShort && load <= 1) this.#letAll()
  }
}
