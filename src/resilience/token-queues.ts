// TokenQueues: a bucket with its queue for each key, as many as there may be, since the keys come from strangers.
import { BoundedMap } from '../primitives/bounded-map.ts'
import { TokenBucket, type TokenRate } from './token-bucket.ts'
import { type QueueWatcher, TokenQueue } from './token-queue.ts'

/**
 * A full bucket is as good as none, so one of those goes first when a new key finds no room; else one that was not asked for lately
 * goes, and its key begins anew. A queue in which somebody waits stays for its key whatever goes.
 */
export class TokenQueues implements QueueWatcher {
  readonly #queues: BoundedMap<string, TokenQueue>
  readonly #busy = new Map<string, TokenQueue>()
  #rate: TokenRate
  #waiting = 0
  #now = 0

  constructor(maxKeys: number, rate: TokenRate) {
    this.#rate = rate
    this.#queues = new BoundedMap({
      limit: maxKeys,
      stays: ({ bucket }) => bucket.tokens(this.#now) < bucket.burst,
    })
  }

  /** How many keys have a bucket. */
  get size(): number {
    return this.#queues.size
  }

  /** How many calls wait, of all keys. */
  get waiting(): number {
    return this.#waiting
  }

  /** The queue of a key. */
  of(key: string, now: number): TokenQueue {
    const known = this.#queues.get(key)
    if (known !== undefined) return known
    this.#now = now
    const queue = this.#busy.get(key) ?? new TokenQueue(new TokenBucket(this.#rate), key, this)
    this.#queues.set(key, queue)
    return queue
  }

  /** Changes the rate of every key. */
  change(now: number, rate: TokenRate): void {
    this.#rate = rate
    const queues = new Set(this.#busy.values())
    for (const [, queue] of this.#queues) queues.add(queue)
    for (const queue of queues) queue.change(now, rate)
  }

  onJoin(queue: TokenQueue): void {
    this.#waiting++
    this.#busy.set(queue.key, queue)
  }

  onGone(queue: TokenQueue): void {
    this.#waiting--
    if (queue.length === 0) this.#busy.delete(queue.key)
  }
}
