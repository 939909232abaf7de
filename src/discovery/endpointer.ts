// Endpointer: from the instances of a service to live candidates: connected once, kept while they stay, let go of when their calls have ended.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import { type Classify, classify } from '../core/outcome.ts'
import { tell } from '../core/tell.ts'
import { triedInstances } from '../core/tried-instances.ts'
import { backoff } from '../primitives/backoff.ts'
import { checkNumber } from '../primitives/check.ts'
import { admitted } from './admitted.ts'
import type { Balancer, PickTrace } from './balancer.ts'
import type { CandidatesUpdate, EndpointerOptions } from './endpointer-options.ts'
import { type Instance, sameMetadata } from './instance.ts'
import type { InstanceHealth } from './instance-health.ts'
import type { Instancer, InstanceSet } from './instancer.ts'
import { MeasuredCandidate, type MeasureOptions } from './measured-candidate.ts'
import { News } from './news.ts'

export type { CandidatesUpdate, ConnectErrorEvent, EndpointerOptions } from './endpointer-options.ts'

const background = { background: true }
/** The balancers that have a set. */
const taken = new WeakSet<object>()

/** Holds the candidates of one service for one client. */
export class Endpointer<Target> implements AsyncDisposable {
  readonly instancer: Instancer
  readonly balancer: Balancer
  readonly classify: Classify
  readonly clock: Clock
  readonly #options: EndpointerOptions<Target>
  readonly #measure: MeasureOptions
  readonly #panicRatio: number
  readonly #retryDelayMs = backoff()
  readonly #byId = new Map<string, MeasuredCandidate<Target>>()
  readonly #ending = new Set<Promise<void>>()
  /** Those that left while calls were in flight. */
  readonly #leaving = new Set<MeasuredCandidate<Target>>()
  #candidates: readonly MeasuredCandidate<Target>[] = []
  #admitted: readonly MeasuredCandidate<Target>[] = []
  #panic = false
  #generation = 0
  #connectFailures = 0
  #reconnect: Timer | undefined
  #review: Timer | undefined
  #isAdmitting = false
  /** Of the set. */
  readonly #news = new News()
  #subscription: Disposable | undefined
  #isClosed = false

  /** Begins the lookup. Throws a TypeError or RangeError for an option out of its range. */
  constructor(options: EndpointerOptions<Target>) {
    checkParts(options)
    this.#options = options
    this.instancer = options.instancer
    this.balancer = options.balancer
    this.classify = options.classify ?? classify
    this.clock = options.clock ?? systemClock
    this.#panicRatio = checkNumber('panicRatio', options.panicRatio ?? 0.5, { min: 0, max: 1 })
    this.#measure = {
      decayMs: checkNumber('decayMs', options.decayMs ?? 10_000, { min: 1, max: Number.MAX_SAFE_INTEGER }),
      failurePenaltyMs: checkNumber('failurePenaltyMs', options.failurePenaltyMs ?? 1_000, {
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
      }),
    }
    // Two sets in turn would each be told for the other.
    if (taken.has(this.balancer)) throw new TypeError('balancer belongs to another client: each needs one of its own')
    taken.add(this.balancer)
    this.#subscription = this.instancer.subscribe((set) => {
      this.#take(set)
      this.#news.tell()
    })
    this.#scheduleReview()
  }

  /** All that are connected, in the order of their ids. */
  get candidates(): readonly MeasuredCandidate<Target>[] {
    return this.#candidates
  }

  /** Those that may be called. */
  get admitted(): readonly MeasuredCandidate<Target>[] {
    return this.#admitted
  }

  /** Whether all count as healthy since too few are. */
  get panic(): boolean {
    return this.#panic
  }

  /** Whether the registry has said which instances there are, or failed to. */
  get isSettled(): boolean {
    const { instances, error } = this.instancer.current
    return instances !== undefined || error !== undefined
  }

  /** Chooses the candidate of an attempt, and notes that the call has been sent there; undefined where there is none. */
  pick(ctx: Context): MeasuredCandidate<Target> | undefined {
    const picked = this.balancer.pick(ctx) as MeasuredCandidate<Target> | undefined
    if (picked !== undefined) ctx.get(triedInstances)?.add(picked.instance.id)
    return picked
  }

  /** What would be chosen, and why. */
  explain(ctx: Context, trace: PickTrace<Target>): MeasuredCandidate<Target> | undefined {
    return this.balancer.pick(ctx, trace) as MeasuredCandidate<Target> | undefined
  }

  /** A call that was begun with `candidate.begin()` is over. */
  ended(candidate: MeasuredCandidate<Target>): void {
    if (candidate.isLeaving && candidate.inFlight === 0 && this.#leaving.has(candidate)) this.#release(candidate)
  }

  /**
   * Resolves as soon as there is somebody to call, or, unless told to wait for that, the registry has said that there is nobody; rejects when the
   * context is aborted before.
   */
  async arrival(ctx: Context, waits: boolean): Promise<void> {
    while (this.#admitted.length === 0 && (waits || !this.isSettled)) {
      if (ctx.aborted) throw ctx.cause
      await this.#news.next(ctx)
    }
  }

  /** Lets go of all candidates, whatever is in flight. The instancer goes on for others. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    taken.delete(this.balancer)
    this.#subscription?.[Symbol.dispose]()
    this.#subscription = undefined
    this.#reconnect?.cancel()
    this.#review?.cancel()
    const held = [...this.#byId.values(), ...this.#leaving]
    this.#candidates = []
    this.#byId.clear()
    this.#leaving.clear()
    for (const candidate of held) this.#release(candidate)
    this.#admit()
    await Promise.all(this.#ending)
  }

  #take({ instances, seenAt }: InstanceSet): void {
    // Nothing was said yet: what is there, if anything, stays.
    if (instances === undefined && seenAt === undefined) return
    const joined: Instance[] = []
    const generation = ++this.#generation
    let missing = 0
    const candidates: MeasuredCandidate<Target>[] = []
    const known = this.#candidates
    let at = 0
    for (const instance of instances ?? []) {
      const { id } = instance
      // Both are in order, so that nearly all are found without a hash of their id.
      while (at < known.length && (known[at] as MeasuredCandidate<Target>).instance.id < id) at++
      let candidate = known[at]?.instance.id === id ? known[at] : this.#byId.get(id)
      if (candidate === undefined || isElsewhere(candidate.instance, instance)) {
        const connected = this.#connect(instance)
        // What it called, or told that it could not, may have closed this.
        if (this.#isClosed) {
          if (connected !== undefined) this.#release(connected)
          return
        }
        if (connected === undefined) {
          missing++
          continue
        }
        this.#byId.set(instance.id, connected)
        if (candidate === undefined) joined.push(instance)
        else this.#leave(candidate)
        candidate = connected
      } else if (candidate.instance !== instance) candidate.change(instance)
      candidate.seenIn = generation
      candidates.push(candidate)
    }
    const left = this.#candidates.filter((candidate) => candidate.seenIn !== generation && !candidate.isLeaving)
    for (const candidate of left) if (this.#byId.delete(candidate.instance.id)) this.#leave(candidate)
    // As what is let go of may.
    if (this.#isClosed) return
    this.#candidates = candidates
    this.#connectAgain(missing)
    this.#admit({ joined, left: left.map(({ instance }) => instance) })
  }

  #connect(instance: Instance): MeasuredCandidate<Target> | undefined {
    const { connect, health, onConnectError } = this.#options
    let judge: InstanceHealth | undefined
    try {
      judge = health?.(instance)
      judge?.onChange(() => this.#admitSoon())
      return new MeasuredCandidate(instance, connect(instance), judge, this.clock.now(), this.#measure)
    } catch (error) {
      judge?.[Symbol.dispose]()
      tell(onConnectError, { name: this.instancer.name, instance, error })
      return undefined
    }
  }

  /** What could not be connected may be able to be later, whether or not the set changes. */
  #connectAgain(missing: number): void {
    this.#reconnect?.cancel()
    this.#reconnect = undefined
    if (missing === 0) {
      this.#connectFailures = 0
      return
    }
    const delayMs = this.#retryDelayMs(this.#connectFailures++)
    this.#reconnect = this.clock.schedule(delayMs, () => this.#take(this.instancer.current), background)
  }

  #leave(candidate: MeasuredCandidate<Target>): void {
    candidate.isLeaving = true
    if (candidate.inFlight === 0) this.#release(candidate)
    else this.#leaving.add(candidate)
  }

  #release(candidate: MeasuredCandidate<Target>): void {
    this.#leaving.delete(candidate)
    tell(() => candidate.health?.[Symbol.dispose](), undefined)
    const { disconnect } = this.#options
    if (disconnect === undefined) return
    const released = async () => await disconnect(candidate.target)
    // What cannot be let go of in order is gone all the same.
    const ending = released()
      .catch(() => {})
      .finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  /** Many change at once when a network does: their balancer is told once. */
  #admitSoon(): void {
    if (this.#isAdmitting) return
    this.#isAdmitting = true
    queueMicrotask(() => {
      this.#isAdmitting = false
      if (!this.#isClosed) this.#admit()
    })
  }

  /** Without a change of the set only the health of its members may have changed. */
  #admit(change?: Pick<CandidatesUpdate, 'joined' | 'left'>): void {
    const { members, panic } = admitted(this.#candidates, this.#panicRatio)
    const isSame = panic === this.#panic && sameMembers(members, this.#admitted)
    if (isSame && change === undefined) return
    const { joined, left } = change ?? { joined: [], left: [] }
    // Of one that stays the weight may have changed: who counts with weights must hear of it.
    this.#admitted = members
    this.#panic = panic
    this.balancer.update(members)
    // One that leaves may have been out already, and one that comes may be so at once.
    if (this.#isClosed || (isSame && joined.length === 0 && left.length === 0)) return
    if (members.length > 0) this.#news.tell()
    tell(this.#options.onUpdate, {
      name: this.instancer.name,
      joined,
      left,
      instances: this.#candidates.length,
      admitted: members.length,
      panic,
    })
  }

  #scheduleReview(): void {
    const { outliers } = this.#options
    if (outliers === undefined || this.#isClosed) return
    const review = () => {
      const counts = this.#candidates.map((candidate) => candidate.takeCounts())
      const ejected = outliers.judge(counts, this.clock.now())
      for (const candidate of this.#candidates) candidate.isEjected = ejected.has(candidate.instance.id)
      this.#admit()
      this.#scheduleReview()
    }
    this.#review = this.clock.schedule(outliers.intervalMs, review, background)
  }
}

/** What is first called with the first instance must not be found out to be something else by then. */
function checkParts<Target>(options: EndpointerOptions<Target>): void {
  const { instancer, connect, disconnect, balancer, health, outliers, classify: judge } = options
  if (typeof instancer?.subscribe !== 'function')
    throw new TypeError('instancer must be one, as staticInstancer([…]) or consulInstancer({ … }) give it')
  if (typeof balancer?.pick !== 'function' || typeof balancer.update !== 'function')
    throw new TypeError('balancer must be one, as roundRobin() gives it')
  if (outliers !== undefined && typeof outliers?.judge !== 'function')
    throw new TypeError('outliers must be what outliers() gives')
  if (typeof connect !== 'function') throw new TypeError(`connect must be a function, but is ${typeof connect}`)
  for (const [name, part] of Object.entries({ disconnect, health, classify: judge }))
    if (part !== undefined && typeof part !== 'function')
      throw new TypeError(`${name} must be a function, but is ${typeof part}`)
}

/** Whether what was connected is not what should be. */
function isElsewhere(known: Instance, instance: Instance): boolean {
  return known.address !== instance.address || !sameMetadata(known.metadata, instance.metadata)
}

function sameMembers<Member>(some: readonly Member[], others: readonly Member[]): boolean {
  return some === others || (some.length === others.length && some.every((member, at) => member === others[at]))
}
