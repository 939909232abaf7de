// A first-in-first-out queue without the cost of Array.prototype.shift, which moves every remaining element.

import { checkNumber } from './check.ts'

/** How much a RingBuffer may hold. */
export interface RingBufferOptions {
  /** How many values fit; at least 1. @default Infinity */
  readonly capacity?: number | undefined
}

/** Below this an array is not worth shrinking: 16 slots are one or two cache lines. */
const FEWEST_SLOTS = 16

/**
 * Keeps values in the order they came, and adds and takes them in amortised constant time. Memory follows the number of
 * values, down as well as up, and a value that was taken is no longer referenced. Throws a RangeError for a `capacity`
 * that is no integer of at least 1.
 */
export class RingBuffer<T> {
  readonly #capacity: number
  // The number of slots is 0 or a power of two, so that a mask finds the slot.
  #slots: (T | undefined)[] = []
  #head = 0
  #length = 0

  constructor(options: RingBufferOptions = {}) {
    this.#capacity = checkNumber('capacity', options.capacity ?? Infinity, { min: 1, integer: true })
  }

  /** How many values there are. */
  get length(): number {
    return this.#length
  }

  /** Adds a value at the end; returns false, and adds nothing, when the buffer is full. */
  push(value: T): boolean {
    if (this.#length === this.#capacity) return false
    if (this.#length === this.#slots.length) this.#resize(Math.max(FEWEST_SLOTS, 2 * this.#length))
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = value
    this.#length++
    return true
  }

  /** Takes the oldest value; undefined when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const slots = this.#slots
    const value = slots[this.#head]
    slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (slots.length - 1)
    this.#length--
    // Half the slots stay free, so a resize is paid for by a quarter of them being filled or emptied since the last one.
    if (this.#length < slots.length >>> 2 && slots.length > FEWEST_SLOTS) this.#resize(slots.length >>> 1)
    return value
  }

  /** Returns the oldest value and leaves it; undefined when there is none. */
  peek(): T | undefined {
    return this.#slots[this.#head]
  }

  /** Drops every value, and the memory they took. */
  clear(): void {
    this.#slots = []
    this.#head = 0
    this.#length = 0
  }

  /** Yields the values from the oldest on, and takes none. Pushing meanwhile is fine; shifting makes it skip. */
  *[Symbol.iterator](): Generator<T, void, void> {
    for (let i = 0; i < this.#length; i++) {
      // The slot holds a value; when that is undefined, T says so.
      yield this.#slots[(this.#head + i) & (this.#slots.length - 1)] as T
    }
  }

  #resize(size: number): void {
    const slots = new Array<T | undefined>(size).fill(undefined)
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)]
    this.#slots = slots
    this.#head = 0
  }
}
