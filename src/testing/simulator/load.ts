// Open-loop load: calls come at their own pace, whatever becomes of those before them, as they do from users who know nothing of each other.
import type { Clock, Task } from '../../core/clock.ts'
import { type Context, rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { type Criticality, criticality } from '../../core/inbound.ts'
import type { Loose } from '../../core/schema.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import { type CallReport, CallTally } from './call-tally.ts'
import { exponential, mixture } from './distribution.ts'
import type { Timeline } from './timeline.ts'

/** Who calls what, and how often. */
export interface LoadOptions {
  /** How many calls a second, above 0. */
  readonly perSecond: number
  /** What is called: a client's, or any endpoint. The context has the simulation's clock and no deadline. */
  readonly call: (request: Loose, ctx: Context) => Promise<unknown>
  /** `poisson`: each call comes by chance, knowing nothing of the others; `even`: all gaps are the same. @default 'poisson' */
  readonly arrivals?: 'poisson' | 'even' | undefined
  /** The weights of the criticalities that calls are sent with. @default none is sent */
  readonly criticality?: Readonly<Partial<Record<Criticality, number>>> | undefined
  /** The request of a call, by its number from 0. @default the number */
  readonly request?: ((index: number) => unknown) | undefined
  /** When it begins, in milliseconds of virtual time; not in the past. @default now */
  readonly fromMs?: number | undefined
  /** When it ends. @default Infinity */
  readonly untilMs?: number | undefined
}

/** What became of the calls of a load. */
export interface LoadReport extends CallReport {
  /** The same for the calls of each criticality; empty when none was sent. */
  readonly byCriticality: Readonly<Partial<Record<Criticality, CallReport>>>
}

/** A share of the calls, with what they have in common. */
interface Group {
  readonly level: Criticality | undefined
  readonly ctx: Context
  tally: CallTally | undefined
}

/** Sets the next call when one is made: however long it goes on, one timer is pending. */
export class Load implements Task {
  /** Calls that have not ended. */
  open = 0
  readonly #clock: Clock
  readonly #call: LoadOptions['call']
  readonly #request: (index: number) => unknown
  readonly #untilAt: number
  readonly #nextAt: (lastAt: number, index: number) => number
  readonly #groups: readonly Group[]
  readonly #group: () => number
  #tally: CallTally | undefined
  #index = 0
  #at: number
  #isOver = false

  /** `random` forks the load's own chance. Throws a TypeError or RangeError for an option that makes no sense. */
  constructor(options: LoadOptions, clock: Clock, random: (part: string) => Random) {
    const { perSecond, call, arrivals = 'poisson', fromMs = clock.now(), untilMs = Infinity } = options
    checkNumber('perSecond', perSecond, { min: Number.MIN_VALUE, max: Number.MAX_SAFE_INTEGER })
    checkNumber('fromMs', fromMs, { min: clock.now(), max: Number.MAX_SAFE_INTEGER })
    if (typeof call !== 'function') throw new TypeError(`call must be a function, but is ${typeof call}`)
    if (arrivals !== 'poisson' && arrivals !== 'even')
      throw new TypeError(`arrivals must be one of poisson, even, but is ${String(arrivals)}`)
    this.#clock = clock
    this.#call = call
    this.#request = options.request ?? ((index) => index)
    this.#untilAt = checkNumber('untilMs', untilMs, { min: fromMs })
    const gapMs = 1_000 / perSecond
    const chance = random('arrivals')
    const gap = exponential({ meanMs: gapMs })
    // Counted from the beginning, so that the errors of very many gaps do not add up.
    this.#nextAt = arrivals === 'even' ? (_, index) => fromMs + index * gapMs : (lastAt) => lastAt + gap(chance)
    const root = rootContext({ clock })
    const weights = Object.entries(options.criticality ?? {}) as [Criticality, number][]
    this.#groups = groupsOf(weights, root)
    this.#group = weights.length === 0 ? () => 0 : drawnBy(weights, random('criticality'))
    this.#at = this.#nextAt(fromMs, 0)
  }

  /** Sets the first call. */
  start(): void {
    this.#schedule()
  }

  /** How many of its own timers are pending. */
  get timers(): number {
    return this.#isOver ? 0 : 1
  }

  get offered(): number {
    return this.#tally?.offered ?? 0
  }

  begin(timeline: Timeline): void {
    this.#tally = new CallTally(timeline)
    for (const group of this.#groups) group.tally = group.level && new CallTally(timeline)
  }

  get report(): LoadReport {
    const groups = this.#groups.filter(({ tally }) => tally !== undefined)
    const byCriticality = Object.fromEntries(groups.map(({ level, tally }) => [level, tally?.report]))
    return { ...(this.#tally as CallTally).report, byCriticality }
  }

  /** The next call is due. */
  run(): void {
    const index = this.#index++
    try {
      this.#offer(this.#request(index), this.#groups[this.#group()] as Group, this.#at)
    } finally {
      this.#at = this.#nextAt(this.#at, this.#index)
      this.#schedule()
    }
  }

  #schedule(): void {
    if (this.#at < this.#untilAt) this.#clock.scheduleAt(this.#at, this)
    else this.#isOver = true
  }

  #offer(request: unknown, group: Group, startAt: number): void {
    this.open++
    this.#tally?.offer(startAt)
    group.tally?.offer(startAt)
    this.#made(request, group.ctx).then(
      () => {
        const now = this.#clock.now()
        this.open--
        this.#tally?.succeed(now - startAt, now)
        group.tally?.succeed(now - startAt, now)
      },
      (thrown) => {
        const now = this.#clock.now()
        const { code } = ServiceError.from(thrown)
        this.open--
        this.#tally?.fail(code, now - startAt, now)
        group.tally?.fail(code, now - startAt, now)
      },
    )
  }

  #made(request: unknown, ctx: Context): Promise<unknown> {
    try {
      return this.#call(request, ctx)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }
}

function groupsOf(weights: readonly (readonly [Criticality, number])[], root: Context): Group[] {
  if (weights.length === 0) return [{ level: undefined, ctx: root, tally: undefined }]
  return weights.map(([level]) => ({ level, ctx: root.with(criticality, level), tally: undefined }))
}

/** Draws the number of a group by the weights. */
function drawnBy(weights: readonly (readonly [Criticality, number])[], random: Random): () => number {
  const draw = mixture(weights.map(([, weight], index) => ({ weight, of: index })))
  return () => draw(random)
}
