// Partitions: one concurrency limit divided by shares, so that one kind of work cannot push out another.
import type { Context } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'
import { checkNumber } from '../primitives/check.ts'
import { holdPlace, type RunInPlace } from './hold-place.ts'
import type { WaitingOptions } from './waiting-options.ts'
import { checkQueueLimit, type WaitingOwner, WaitingQueue, type WaitingRefusal } from './waiting-queue.ts'

/** Who gets which share of a limit. */
export interface PartitionOptions<Req = unknown> {
  /**
   * The share of the limit that each partition is sure of, by name: from 0 to 1, together at most 1. What a partition does not use
   * others may; it gets its share back at once, so that for as long as their calls run there may be more in flight than the limit, up to
   * twice as many. Queues are divided alike. @default one partition for all
   */
  readonly partitions?: Readonly<Record<string, number>> | undefined
  /** Which partition a call belongs to. Those of any other name share what nobody else uses, and never wait. */
  readonly partition?: ((request: Req, ctx: Context) => string) | undefined
}

/** What a partition may do and is doing. */
export interface PartitionSnapshot {
  readonly shareRatio: number
  /** How many calls it may have in flight whatever others do. */
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly admitted: number
  readonly refused: number
  /** Calls that were over, called off or past their deadline, before they got a place. */
  readonly left: number
}

/** Makes the error of a call that is refused. */
export type Refuse = (ctx: Context, why: WaitingRefusal) => ServiceError

/** The name of the partition that there is without any, and of that for names which were not given. */
const allName = 'all'
const othersName = 'others'

/** A share of a limit, the calls in it, and those that wait for it. */
export class Partition implements WaitingOwner {
  readonly name: string
  readonly shareRatio: number
  readonly queue: WaitingQueue
  /** Runs a call that has got a place here. */
  readonly run: RunInPlace
  /** What it is sure of. */
  limit = 0
  inFlight = 0
  admitted = 0
  #refused = 0
  readonly #of: Partitions
  readonly #refuse: Refuse

  constructor(of: Partitions, name: string, shareRatio: number, waiting: WaitingOptions, refuse: Refuse) {
    this.#of = of
    this.#refuse = refuse
    this.name = name
    this.shareRatio = shareRatio
    this.queue = new WaitingQueue({ ...waiting, queue: shareOf(waiting.queue ?? 0, shareRatio) }, this)
    this.run = holdPlace(() => this.giveBack())
  }

  giveBack(): void {
    this.inFlight--
    this.#of.giveBack()
  }

  refuse(ctx: Context, why: WaitingRefusal): ServiceError {
    this.#refused++
    return this.#refuse(ctx, why)
  }

  snapshot(): PartitionSnapshot {
    const { shareRatio, limit, inFlight, admitted, queue } = this
    return { shareRatio, limit, inFlight, waiting: queue.length, admitted, refused: this.#refused, left: queue.left }
  }
}

/** All partitions of a limit. There is always one at least. */
export class Partitions {
  readonly all: readonly Partition[]
  readonly #byName = new Map<string, Partition>()
  readonly #partition: ((request: unknown, ctx: Context) => string) | undefined
  /** How many may wait, of all of them together. */
  readonly queue: number
  /** For every name that is not known; the only one where there are no names. */
  readonly #others: Partition
  #limit = 0
  #inFlight = 0

  /** Throws a RangeError or TypeError for an option out of its range. */
  constructor({ partitions, partition }: PartitionOptions, waiting: WaitingOptions, refuse: Refuse) {
    this.queue = checkQueueLimit(waiting.queue ?? 0)
    const shares = Object.entries(partitions ?? {})
    for (const [name, ratio] of shares) checkNumber(`partitions.${name}`, ratio, { min: 0, max: 1 })
    // More than rounding may add to it.
    const sum = shares.reduce((total, [, ratio]) => total + ratio, 0)
    if (sum > 1 + 1e-9) throw new RangeError(`partitions must be shares of at most 1 together, but are ${sum}`)
    if ((partitions === undefined) !== (partition === undefined)) {
      throw new TypeError('partitions and partition go together: shares by name, and the name of a call')
    }
    for (const [name, ratio] of shares) this.#byName.set(name, new Partition(this, name, ratio, waiting, refuse))
    this.#partition = partition
    const [name, ratio] = partition === undefined ? ([allName, 1] as const) : ([othersName, 0] as const)
    this.#others = this.#byName.get(name) ?? new Partition(this, name, ratio, waiting, refuse)
    this.all = [...new Set([...this.#byName.values(), this.#others])]
  }

  /** How they wait, which is alike for all. */
  get waiting(): Pick<WaitingQueue, 'maxWaitMs' | 'order'> {
    return this.#others.queue
  }

  /** The calls in flight of all of them. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Divides another limit, and lets those in who wait for what there is more. */
  set limit(limit: number) {
    this.#limit = limit
    for (const partition of this.all) partition.limit = shareOf(limit, partition.shareRatio)
    this.#fill()
  }

  /** Where a call belongs. */
  of(request: unknown, ctx: Context): Partition {
    if (this.#partition === undefined) return this.#others
    return this.#byName.get(this.#partition(request, ctx)) ?? this.#others
  }

  /** Takes a place, if the partition may have one. Nobody waits for it then: those who wait get a free place at once. */
  take(partition: Partition): boolean {
    if (!this.#hasPlaceFor(partition)) return false
    this.#inFlight++
    partition.inFlight++
    return true
  }

  /** A call of one of them has settled. */
  giveBack(): void {
    this.#inFlight--
    this.#fill()
  }

  /** Within the limit everybody may have a place; beyond it only who has less than its own. */
  #hasPlaceFor(partition: Partition): boolean {
    return this.#inFlight < this.#limit || partition.inFlight < partition.limit
  }

  #fill(): void {
    for (let next = this.#neediest(); next !== undefined && this.#hasPlaceFor(next); next = this.#neediest()) {
      // What waited may all be over.
      if (!next.queue.admit()) continue
      this.#inFlight++
      next.inFlight++
    }
  }

  /** Of the partitions where calls wait that which uses the least of its own. */
  #neediest(): Partition | undefined {
    let neediest: Partition | undefined
    for (const partition of this.all) {
      if (partition.queue.length > 0 && (neediest === undefined || useOf(partition) < useOf(neediest)))
        neediest = partition
    }
    return neediest
  }
}

function useOf({ inFlight, limit }: Partition): number {
  return inFlight / limit
}

/** Rounded up, but for what rounding has added: whoever has a share is sure of one place. */
function shareOf(whole: number, ratio: number): number {
  return Math.max(0, Math.ceil(whole * ratio - 1e-9))
}
