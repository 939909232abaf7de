// TokenQueue: the calls that wait for tokens of one bucket, in the order they came, with one timer for the first of them.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import type { Task, Timer } from '../core/clock.ts'
import { type Context, listen } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import type { TokenBucket, TokenRateChange } from './token-bucket.ts'
import { type InLine, WaitingLine } from './waiting-line.ts'

/** A call that has to wait, and what becomes of it: one of the three, once. */
export interface WaitingCall {
  readonly ctx: Context
  /** How many tokens it takes. */
  readonly weight: number
  /** The latest moment at which it may be let in. */
  readonly latestAt: number
  /** Its tokens were taken. */
  letIn(): void
  /** Its turn would come too late, after a change: that long from now; Infinity for never. */
  refuse(waitMs: number): void
  /** It was called off, or its deadline has passed. */
  leave(error: ServiceError): void
}

/** Hears who begins and ends to wait in a queue. */
export interface QueueWatcher {
  onJoin(queue: TokenQueue): void
  onGone(queue: TokenQueue): void
}

/**
 * Nobody reserves: the first in the queue is let in at the moment at which its tokens have come, and who leaves takes nothing along,
 * so that all behind move up. Turns are taken at their own moments even when the timer is late, so that lateness costs no tokens.
 */
export class TokenQueue implements Task {
  readonly bucket: TokenBucket
  /** Whose calls they are; empty where that is not asked. */
  readonly key: string
  readonly #watcher: QueueWatcher | undefined
  readonly #line = new WaitingLine<Place>()
  #length = 0
  /** Of all who wait. */
  #weight = 0
  #timer: Timer | undefined

  constructor(bucket: TokenBucket, key: string = '', watcher?: QueueWatcher) {
    this.bucket = bucket
    this.key = key
    this.#watcher = watcher
  }

  /** How many wait. */
  get length(): number {
    return this.#length
  }

  /** Takes tokens for a call that need not wait; returns whether it need not. */
  take(now: number, weight: number): boolean {
    if (this.#length > 0) this.#letIn(now)
    return this.#length === 0 && this.bucket.allow(now, weight)
  }

  /** How long a call would wait that came now, in milliseconds; Infinity for ever. */
  waitMs(now: number, weight: number): number {
    if (!this.bucket.fits(weight)) return Infinity
    return this.#length === 0
      ? this.bucket.waitMs(now, weight)
      : Math.max(0, this.bucket.readyAt(this.#weight + weight) - now)
  }

  /** Puts a call at the end. */
  add(call: WaitingCall): void {
    const place = new Place(this, call)
    this.#line.append(place)
    this.#length++
    this.#weight += call.weight
    this.#watcher?.onJoin(this)
    if (place === this.#line.oldest) this.#setTimer()
    listen(call.ctx, place)
  }

  /** Takes a call out that was called off. The one behind the first may need fewer tokens than that, and go at once. */
  leave(place: Place, error: ServiceError): void {
    const wasFirst = place === this.#line.oldest
    this.#remove(place)
    place.call.leave(error)
    if (!wasFirst) return
    this.#letIn(place.call.ctx.clock.now())
    this.#setTimer()
  }

  /** Changes the bucket, and refuses those who never can have their turn now, or too late. */
  change(now: number, rate: TokenRateChange): void {
    this.#letIn(now)
    const { bucket } = this
    const isSlower = rate.perSecond !== undefined && rate.perSecond < bucket.perSecond
    bucket.change(now, rate)
    const refused: { readonly call: WaitingCall; readonly waitMs: number }[] = []
    let weight = 0
    let next = this.#line.oldest
    while (next !== undefined) {
      const place = next
      const { call } = place
      next = place.newer
      const at = bucket.fits(call.weight) ? bucket.readyAt(weight + call.weight) : Infinity
      if (at === Infinity || (isSlower && at > call.latestAt)) {
        this.#remove(place)
        refused.push({ call, waitMs: at - now })
      } else weight += call.weight
    }
    this.#letIn(now)
    this.#setTimer()
    // Last, because who is told may do anything.
    for (const { call, waitMs } of refused) call.refuse(waitMs)
  }

  /** The first one's turn has come. */
  run(): void {
    const clock = this.#line.oldest?.call.ctx.clock
    if (clock !== undefined) this.#letIn(clock.now())
  }

  /** Lets in whose turn has come. Each is let in before the next one is looked at: it may bring new calls, or change the rate. */
  #letIn(now: number): void {
    const { bucket } = this
    let place = this.#line.oldest
    if (place === undefined || bucket.readyAt(place.call.weight) > now) return
    for (; place !== undefined; place = this.#line.oldest) {
      const { call } = place
      const at = bucket.readyAt(call.weight)
      if (at > now) break
      bucket.allow(at, call.weight)
      this.#remove(place)
      call.letIn()
    }
    this.#setTimer()
  }

  #setTimer(): void {
    this.#timer?.cancel()
    const call = this.#line.oldest?.call
    this.#timer = call?.ctx.clock.scheduleAt(this.bucket.readyAt(call.weight), this)
  }

  #remove(place: Place): void {
    this.#line.remove(place)
    this.#length--
    // Fractions do not add up; when nobody waits there is nothing left of them.
    this.#weight = this.#length === 0 ? 0 : this.#weight - place.call.weight
    place.list?.remove(place)
    this.#watcher?.onGone(this)
  }
}

/** A call in the queue, which hears of its end. */
class Place implements InLine<Place>, Listener {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  older: Place | undefined = undefined
  newer: Place | undefined = undefined
  readonly call: WaitingCall
  readonly #queue: TokenQueue

  constructor(queue: TokenQueue, call: WaitingCall) {
    this.#queue = queue
    this.call = call
  }

  fire(cause: unknown): void {
    this.#queue.leave(this, ServiceError.fromAbort(cause))
  }
}
