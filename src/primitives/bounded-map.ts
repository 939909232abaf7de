// A map that never outgrows its limit: for what is kept per key, where the keys come from strangers.

import { checkNumber } from './check.ts'

/**
 * The most keys that a BoundedMap may hold. V8's Map throws at 2^24 entries, those deleted since it was last tidied among them, and is
 * tidied in place only when half of them are.
 */
export const mostKeys: number = 2 ** 23

/** How much a BoundedMap holds, and what it would rather not lose. */
export interface BoundedMapOptions<V> {
  /** How many keys there may be; from 1 to `mostKeys`. */
  readonly limit: number
  /** Whether a value should stay rather than one that need not, of those that a new key looks at: 16 that should stay, and then one of them goes. @default none need to stay */
  readonly stays?: ((value: V) => boolean) | undefined
}

/** With all of them to stay, each new key would look at all. */
const mostStaying = 16

interface Slot<V> {
  readonly value: V
  isUsed: boolean
}

/**
 * Keeps a value per key. A new key that finds it full takes the place of one that was not asked for lately: the clock
 * algorithm of Corbató, "A paging experiment with the Multics system" (1968), in which to ask costs one write.
 * Throws a RangeError for a `limit` that is out of range.
 */
export class BoundedMap<K, V> {
  readonly #slots = new Map<K, Slot<V>>()
  /** The hand of the clock: what is added comes behind it. */
  #hand = this.#slots.entries()
  readonly #limit: number
  readonly #stays: ((value: V) => boolean) | undefined
  /** How many keys were dropped since the hand began its round. */
  #dropped = 0

  constructor({ limit, stays }: BoundedMapOptions<V>) {
    this.#limit = checkNumber('limit', limit, { min: 1, max: mostKeys, integer: true })
    this.#stays = stays
  }

  /** How many keys there are. */
  get size(): number {
    return this.#slots.size
  }

  /** The value of a key; undefined when there is none. To ask for it counts as use. */
  get(key: K): V | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    slot.isUsed = true
    return slot.value
  }

  /** The value of a key, made first where there is none. */
  getOrAdd(key: K, make: (key: K) => V): V {
    const slot = this.#slots.get(key)
    if (slot !== undefined) {
      slot.isUsed = true
      return slot.value
    }
    const value = make(key)
    this.set(key, value)
    return value
  }

  /** Sets the value of a key. */
  set(key: K, value: V): void {
    if (!this.#slots.has(key) && this.#slots.size >= this.#limit) this.#makeRoom()
    this.#slots.set(key, { value, isUsed: false })
  }

  /** Drops a key; returns whether it was there. */
  delete(key: K): boolean {
    if (!this.#slots.delete(key)) return false
    // An iterator that stands still holds every table that the Map has outgrown since, with all keys and values that were in it.
    if (++this.#dropped > this.#slots.size) this.#beginRound()
    return true
  }

  /** Drops all keys. */
  clear(): void {
    this.#slots.clear()
    this.#beginRound()
  }

  /** Yields keys and values, and counts as use of none. */
  *[Symbol.iterator](): Generator<[K, V], void, void> {
    for (const [key, { value }] of this.#slots) yield [key, value]
  }

  #makeRoom(): void {
    // Twice round at most, where few should stay: the first time takes the marks of use away, each of which was paid for by a use.
    let staying = 0
    for (let left = 2 * this.#slots.size; left > 0; left--) {
      const [key, slot] = this.#next()
      if (!slot.isUsed && (this.#stays?.(slot.value) !== true || ++staying === mostStaying)) {
        this.#slots.delete(key)
        return
      }
      slot.isUsed = false
    }
    this.#slots.delete(this.#slots.keys().next().value as K)
  }

  /** Moves the hand on. It is kept, since a Map that loses its first key again and again is slow to find the first one that is left. */
  #next(): [K, Slot<V>] {
    const next = this.#hand.next()
    if (!next.done) return next.value
    this.#beginRound()
    return this.#hand.next().value as [K, Slot<V>]
  }

  #beginRound(): void {
    this.#hand = this.#slots.entries()
    this.#dropped = 0
  }
}
