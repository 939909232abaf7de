// WaitingQueue: calls that wait for a place, in which order they get one, who goes when there are too many, and how long anybody stays.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import type { Timer } from '../core/clock.ts'
import { type Context, listen } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { longestUnaryMs } from '../core/method.ts'
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { type InLine, WaitingLine } from './waiting-line.ts'
import type { WaitedEvent, WaitingOptions, WaitingOrder } from './waiting-options.ts'

/** Why a call does not wait, or no longer: there was no room, a more important one took it, or its time was over. */
export type WaitingRefusal = 'full' | 'displaced' | 'expired'

/** Whom a queue works for. */
export interface WaitingOwner {
  /** Gives what a call that is refused fails with. */
  refuse(ctx: Context, why: WaitingRefusal): ServiceError
  /** Takes back a place whose call was called off after it had got it. */
  giveBack(): void
}

/** Gives the length back, or throws a RangeError for one that no queue may have. */
export function checkQueueLimit(queue: number): number {
  return checkNumber('queue', queue, { min: 0, max: 1_000_000, integer: true })
}

/** A bounded queue of calls. It gives places to nobody by itself: its owner does, with `admit`. */
export class WaitingQueue {
  readonly maxWaitMs: number
  readonly order: WaitingOrder
  readonly #priority: ((request: unknown, ctx: Context) => number) | undefined
  readonly #onWaited: ((event: WaitedEvent) => void) | undefined
  readonly #owner: WaitingOwner
  #limit = 0
  #length = 0
  #left = 0
  /** The least important first; none of them is empty. */
  readonly #lines: Rank[] = []
  /** Set for one who waits now, or waited: all wait equally long, so that one timer does for all. */
  #timer: Timer | undefined
  readonly #expiry = { run: () => this.#expire() }

  /** Throws a RangeError or TypeError for an option out of its range. */
  constructor(options: WaitingOptions, owner: WaitingOwner) {
    const { queue = 0, maxWaitMs = 1_000, order = 'fifo', priority } = options
    this.limit = queue
    this.maxWaitMs = checkNumber('maxWaitMs', maxWaitMs, { min: 1, max: longestUnaryMs })
    if (order !== 'fifo' && order !== 'adaptive_lifo') {
      throw new TypeError(`order must be 'fifo' or 'adaptive_lifo', but is ${JSON.stringify(order)}`)
    }
    this.order = order
    this.#priority = priority
    this.#onWaited = options.onWaited
    this.#owner = owner
  }

  /** How many may wait. Whoever waits already stays when it is lowered. */
  get limit(): number {
    return this.#limit
  }

  set limit(limit: number) {
    this.#limit = checkQueueLimit(limit)
  }

  /** How many wait. */
  get length(): number {
    return this.#length
  }

  /** How many left because their call was over before they got a place. */
  get left(): number {
    return this.#left
  }

  /** How long the one has waited who waits longest, in milliseconds; 0 when nobody waits. */
  get longestWaitMs(): number {
    const oldest = this.#oldest()
    return oldest === undefined ? 0 : oldest.ctx.clock.now() - oldest.since
  }

  /** Tells of a call that got a place at once. */
  passed(ctx: Context): void {
    if (this.#onWaited !== undefined) tell(this.#onWaited, { ctx, waitedMs: 0 })
  }

  /**
   * Waits until `admit` gives it a place, and runs the call then. Rejects when it is refused, when the call is called off, and when its
   * deadline passes.
   */
  async wait<Res>(request: unknown, ctx: Context, run: () => Promise<Res>): Promise<Res> {
    if (ctx.aborted) throw this.#over(ctx)
    if (this.#limit === 0) throw this.#owner.refuse(ctx, 'full')
    const priority = checkNumber('priority', this.#priority?.(request, ctx) ?? 0, { min: -Infinity })
    const displaced = this.#length < this.#limit ? undefined : this.#lessImportant(priority)
    if (this.#length >= this.#limit && displaced === undefined) throw this.#owner.refuse(ctx, 'full')
    if (displaced !== undefined) this.#remove(displaced)
    const waiter = this.#add(priority, ctx)
    // The owner tells others of it, who may call again at once: so only when all is in order.
    displaced?.reject(this.#owner.refuse(displaced.ctx, 'displaced'))
    try {
      await waiter.promise
    } finally {
      if (this.#onWaited !== undefined) tell(this.#onWaited, { ctx, waitedMs: ctx.clock.now() - waiter.since })
    }
    if (!ctx.aborted) return run()
    this.#owner.giveBack()
    throw this.#over(ctx)
  }

  /** Gives a place to the next one whose call is not over; returns false when there is none. */
  admit(): boolean {
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) {
      this.#remove(waiter)
      if (!waiter.ctx.aborted) {
        waiter.resolve()
        return true
      }
      waiter.reject(this.#over(waiter.ctx))
    }
    return false
  }

  /** The call of one who waits was called off, or its deadline has passed. */
  leave(waiter: Waiter): void {
    this.#remove(waiter)
    waiter.reject(this.#over(waiter.ctx))
  }

  #add(priority: number, ctx: Context): Waiter {
    const waiter = new Waiter(this, this.#lineOf(priority), ctx)
    waiter.line.append(waiter)
    this.#length++
    listen(ctx, waiter)
    if (this.#timer === undefined) this.#arm(waiter)
    return waiter
  }

  #remove(waiter: Waiter): void {
    const { line } = waiter
    waiter.list?.remove(waiter)
    line.remove(waiter)
    if (line.oldest === undefined) this.#lines.splice(this.#placeOf(line.priority), 1)
    if (--this.#length > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #next(): Waiter | undefined {
    const line = this.#lines.at(-1)
    if (line?.oldest === undefined) return undefined
    return this.#isNewestFirst(line.oldest) ? line.newest : line.oldest
  }

  #isNewestFirst(oldest: Waiter): boolean {
    if (this.order === 'fifo') return false
    return 2 * this.#length > this.#limit || 2 * (oldest.ctx.clock.now() - oldest.since) > this.maxWaitMs
  }

  /** Of the least important ones the one whose turn would come last; undefined when none is less important. */
  #lessImportant(priority: number): Waiter | undefined {
    const line = this.#lines[0]
    if (line?.oldest === undefined || line.priority >= priority) return undefined
    return this.#isNewestFirst(line.oldest) ? line.oldest : line.newest
  }

  #lineOf(priority: number): Rank {
    const place = this.#placeOf(priority)
    const found = this.#lines[place]
    if (found?.priority === priority) return found
    const line = new Rank(priority)
    this.#lines.splice(place, 0, line)
    return line
  }

  /** Where the line of that priority is, or belongs. */
  #placeOf(priority: number): number {
    let low = 0
    let high = this.#lines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#lines[middle]?.priority ?? Infinity) < priority) low = middle + 1
      else high = middle
    }
    return low
  }

  #oldest(): Waiter | undefined {
    let oldest: Waiter | undefined
    for (const line of this.#lines) {
      if (line.oldest !== undefined && (oldest === undefined || line.oldest.since < oldest.since)) oldest = line.oldest
    }
    return oldest
  }

  #arm({ ctx, since }: Waiter): void {
    this.#timer = ctx.clock.scheduleAt(since + this.maxWaitMs, this.#expiry)
  }

  #expire(): void {
    this.#timer = undefined
    // The last line first, since the others then need not move up: each of those who wait may have a line of its own.
    const expired: Waiter[] = []
    for (const { oldest } of this.#lines.toReversed()) {
      for (let waiter = oldest; waiter?.isExpired(this.maxWaitMs); waiter = waiter.newer) expired.push(waiter)
    }
    for (const waiter of expired) this.#remove(waiter)
    const oldest = this.#oldest()
    if (oldest !== undefined) this.#arm(oldest)
    // The owner tells others of it, who may call again at once: so only when all is in order.
    for (const waiter of expired.sort((a, b) => a.since - b.since))
      waiter.reject(this.#owner.refuse(waiter.ctx, 'expired'))
  }

  #over({ cause }: Context): ServiceError {
    this.#left++
    return ServiceError.fromAbort(cause)
  }
}

/** Those who are equally important. */
class Rank extends WaitingLine<Waiter> {
  /** The larger, the sooner their turn. */
  readonly priority: number

  constructor(priority: number) {
    super()
    this.priority = priority
  }
}

/** One who waits. It is its own listener, so that waiting costs no object for that. */
class Waiter implements InLine<Waiter>, Listener {
  older: Waiter | undefined = undefined
  newer: Waiter | undefined = undefined
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  readonly line: Rank
  readonly ctx: Context
  /** A moment of the context's clock. */
  readonly since: number
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: ServiceError) => void
  readonly #queue: WaitingQueue

  constructor(queue: WaitingQueue, line: Rank, ctx: Context) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#queue = queue
    this.line = line
    this.ctx = ctx
    this.since = ctx.clock.now()
    this.promise = promise
    this.resolve = resolve
    this.reject = reject
  }

  isExpired(maxWaitMs: number): boolean {
    return this.ctx.clock.now() >= this.since + maxWaitMs
  }

  fire(): void {
    this.#queue.leave(this)
  }
}
