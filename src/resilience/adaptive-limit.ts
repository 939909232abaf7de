// adaptiveLimit: a limit on calls in flight that is learned from their latency, for those who do not know the right number, or whose right number changes.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import type { ServiceError } from '../core/errors.ts'
import { type Classify, type Outcome, outcomeOf, outcomeOfError } from '../core/outcome.ts'
import { surface, tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { gradient2 } from './gradient2.ts'
import type { LimitAlgorithm } from './limit-algorithm.ts'
import { type Partition, type PartitionOptions, type PartitionSnapshot, Partitions } from './partitions.ts'
import type { Policy, RefusedEvent } from './policy.ts'
import { refusal } from './refusal.ts'
import { SampleWindow, type SampleWindowOptions } from './sample-window.ts'
import type { WaitingOptions, WaitingOrder } from './waiting-options.ts'
import type { WaitingRefusal } from './waiting-queue.ts'

export type { PartitionOptions, PartitionSnapshot } from './partitions.ts'
export type { SampleWindowOptions } from './sample-window.ts'
export type { WaitedEvent, WaitingOptions, WaitingOrder } from './waiting-options.ts'

/** How a limit is learned, within which bounds, and how calls wait for it. */
export interface AdaptiveLimitOptions<Req = unknown>
  extends WaitingOptions<Req>,
    SampleWindowOptions,
    PartitionOptions<Req> {
  /** What learns the limit: `gradient2()`, `vegas()`, `aimd()` or one's own, made for this limit alone. @default gradient2() */
  readonly algorithm?: LimitAlgorithm | undefined
  /** The least the limit may be, from 1 to 1_000_000. May be changed while running. @default 1 */
  readonly minLimit?: number | undefined
  /** The most it may be, from `minLimit` to 1_000_000. May be changed while running. @default 1_000 */
  readonly maxLimit?: number | undefined
  /** What it begins with, from `minLimit` to `maxLimit`. @default 20, or the nearest within both */
  readonly initialLimit?: number | undefined
  /**
   * What an outcome says of load: `success` is measured, `failure` counts as dropped, `ignored` as nothing. @default deadline_exceeded,
   * resource_exhausted and unavailable are drops, other errors are ignored, all responses are measured
   */
  readonly classify?: Classify | undefined
  /** Told of what the limit begins with, while it is made, and of each change. @default nothing */
  readonly onLimitChange?: ((event: LimitChangeEvent) => void) | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** The limit is another one now. */
export interface LimitChangeEvent {
  readonly limit: number
  /** Undefined for what it begins with. */
  readonly previous: number | undefined
}

/** What may be changed while running; what is left out stays. */
export interface AdaptiveLimitChange {
  /** The least the limit may be, from 1 to 1_000_000. */
  readonly minLimit?: number | undefined
  /** The most it may be, from `minLimit` to 1_000_000. */
  readonly maxLimit?: number | undefined
}

/** What an adaptive limit is set to, has learned and is doing. */
export interface AdaptiveLimitSnapshot {
  readonly limit: number
  readonly minLimit: number
  readonly maxLimit: number
  readonly initialLimit: number
  /** How many calls may wait, in all partitions together. */
  readonly queue: number
  readonly maxWaitMs: number
  readonly order: WaitingOrder
  readonly windowMs: number
  readonly minSamples: number
  readonly toleratedDropRatio: number
  /** Calls whose endpoint has not settled yet. */
  readonly inFlight: number
  /** By name; `all` where the limit is not divided, else also `others`, which has no share. */
  readonly partitions: Readonly<Record<string, PartitionSnapshot>>
  readonly algorithm: { readonly name: string } & Readonly<Record<string, unknown>>
}

/** An adaptive limit, and how to change its bounds while it runs. */
export interface AdaptiveLimit extends Policy<AdaptiveLimitSnapshot> {
  /** Throws a RangeError for a value out of its range, and changes nothing then. */
  change(change: AdaptiveLimitChange): void
}

/**
 * Lets no more calls through at once than the limit that it learns from how long they take; those beyond wait in the queue, and those
 * beyond that are refused with `resource_exhausted`, which is safe to retry. As with `bulkhead`, a call holds its place until the endpoint
 * has settled, whatever its caller does. Only unary calls are measured: what has a stream, in either direction, holds a place, takes as
 * long as its other end likes, and gives no sample.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function adaptiveLimit<Req = unknown>(options: AdaptiveLimitOptions<Req> = {}): AdaptiveLimit {
  const limit = new LearnedLimit(options as AdaptiveLimitOptions)
  const layer =
    <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> =>
    (request, ctx) =>
      limit.call(next, request, ctx)
  return Object.assign(layer, {
    change: (change: AdaptiveLimitChange) => limit.change(change),
    snapshot: () => limit.snapshot(),
  })
}

const reasons: Readonly<Record<WaitingRefusal, string>> = {
  full: 'the concurrency limit is reached',
  displaced: 'the concurrency limit is reached, and a more important call took the place in the queue',
  expired: 'the concurrency limit is reached, and no place became free in time',
}

class LearnedLimit {
  readonly #algorithm: LimitAlgorithm
  readonly #window: SampleWindow
  readonly #partitions: Partitions
  readonly #classify: Classify | undefined
  readonly #onLimitChange: ((event: LimitChangeEvent) => void) | undefined
  readonly #onRefused: ((event: RefusedEvent) => void) | undefined
  readonly #initialLimit: number
  #minLimit: number
  #maxLimit: number
  /** With its fraction, by which small steps add up. */
  #estimate: number
  #limit: number

  constructor(options: AdaptiveLimitOptions) {
    const { minLimit = 1, maxLimit = Math.max(1_000, minLimit) } = options
    checkBounds(minLimit, maxLimit)
    const initialLimit = options.initialLimit ?? Math.min(maxLimit, Math.max(minLimit, 20))
    checkNumber('initialLimit', initialLimit, { min: minLimit, max: maxLimit, integer: true })
    this.#algorithm = checkAlgorithm(options.algorithm ?? gradient2())
    this.#window = new SampleWindow(options)
    this.#classify = options.classify
    this.#onLimitChange = options.onLimitChange
    this.#onRefused = options.onRefused
    this.#minLimit = minLimit
    this.#maxLimit = maxLimit
    this.#initialLimit = initialLimit
    this.#estimate = initialLimit
    this.#limit = initialLimit
    this.#partitions = new Partitions(options, options, (ctx, why) => this.#refuse(ctx, why))
    this.#partitions.limit = initialLimit
    tell(this.#onLimitChange, { limit: initialLimit, previous: undefined })
  }

  call<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    let partition: Partition
    try {
      partition = this.#partitions.of(request, ctx)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
    if (this.#partitions.take(partition)) {
      partition.queue.passed(ctx)
      return this.#run(partition, next, request, ctx)
    }
    return partition.queue.wait(request, ctx, () => this.#run(partition, next, request, ctx))
  }

  change({ minLimit = this.#minLimit, maxLimit = this.#maxLimit }: AdaptiveLimitChange): void {
    checkBounds(minLimit, maxLimit)
    this.#minLimit = minLimit
    this.#maxLimit = maxLimit
    this.#move(this.#estimate)
  }

  snapshot(): AdaptiveLimitSnapshot {
    const { queue, waiting } = this.#partitions
    const { windowMs, minSamples, toleratedDropRatio } = this.#window
    return {
      limit: this.#limit,
      minLimit: this.#minLimit,
      maxLimit: this.#maxLimit,
      initialLimit: this.#initialLimit,
      queue,
      maxWaitMs: waiting.maxWaitMs,
      order: waiting.order,
      windowMs,
      minSamples,
      toleratedDropRatio,
      inFlight: this.#partitions.inFlight,
      partitions: Object.fromEntries(this.#partitions.all.map((one) => [one.name, one.snapshot()])),
      algorithm: { ...this.#algorithm.snapshot(), name: this.#algorithm.name },
    }
  }

  #run<Req, Res>(partition: Partition, next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    partition.admitted++
    if (ctx.method.kind !== 'unary' || !this.#window.wants()) return partition.run(next, request, ctx)
    const { clock } = ctx
    const { inFlight } = this.#partitions
    const startedAt = clock.now()
    return partition.run(next, request, ctx).then(
      (response) => {
        this.#ended(ctx, startedAt, inFlight, response, undefined)
        return response
      },
      (thrown) => {
        this.#ended(ctx, startedAt, inFlight, undefined, outcomeOfError(thrown))
        throw thrown
      },
    )
  }

  /** A measured call has ended. Nothing that goes wrong here may change what its caller gets. */
  #ended(ctx: Context, startedAt: number, inFlight: number, response: unknown, failed: Outcome | undefined): void {
    try {
      const verdict = this.#judge(ctx, response, failed)
      if (verdict === 'ignored') return
      const now = ctx.clock.now()
      // A response after the deadline reaches nobody, however well it went.
      const dropped = verdict === 'failure' || now >= ctx.deadlineAt
      const sample = this.#window.add(now, now - startedAt, inFlight, dropped)
      if (sample === undefined) return
      const estimate = this.#algorithm.update({ ...sample, limit: this.#estimate })
      this.#move(checkNumber(`the limit of ${this.#algorithm.name}`, estimate, { min: -Infinity }))
    } catch (thrown) {
      surface(thrown)
    }
  }

  #judge(ctx: Context, response: unknown, failed: Outcome | undefined): ReturnType<Classify> {
    if (this.#classify !== undefined) return this.#classify(failed ?? outcomeOf(response, ctx.method.failed))
    return failed === undefined ? 'success' : drops.has(failed.code) ? 'failure' : 'ignored'
  }

  #move(estimate: number): void {
    this.#estimate = Math.min(this.#maxLimit, Math.max(this.#minLimit, estimate))
    const previous = this.#limit
    const limit = Math.floor(this.#estimate)
    if (limit === previous) return
    this.#limit = limit
    this.#partitions.limit = limit
    tell(this.#onLimitChange, { limit, previous })
  }

  #refuse(ctx: Context, why: WaitingRefusal): ServiceError {
    const error = refusal('resource_exhausted', reasons[why])
    tell(this.#onRefused, { policy: 'adaptive_limit', ctx, error })
    return error
  }
}

const drops: ReadonlySet<string> = new Set(['deadline_exceeded', 'resource_exhausted', 'unavailable'])

function checkBounds(minLimit: number, maxLimit: number): void {
  checkNumber('minLimit', minLimit, { min: 1, max: 1_000_000, integer: true })
  checkNumber('maxLimit', maxLimit, { min: minLimit, max: 1_000_000, integer: true })
}

function checkAlgorithm(algorithm: LimitAlgorithm): LimitAlgorithm {
  if (typeof algorithm?.update === 'function' && typeof algorithm.snapshot === 'function') return algorithm
  throw new TypeError('algorithm must be a limit algorithm, with update() and snapshot(): gradient2(), say')
}
