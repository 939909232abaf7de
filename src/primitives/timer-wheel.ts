// Keeps what is to run later and says when to look next: a data structure with no time of its own, because the clock that
// drives it should be the only door to time.

import { BitSet } from './bit-set.ts'
import { checkNumber } from './check.ts'
import { TimerEntry, type TimerTask } from './timer-entry.ts'
import { isSingleTick, PARKED, WheelPosition } from './wheel-position.ts'

export type { TimerEntry, TimerTask }

/** How finely a TimerWheel cuts time, and where it begins. */
export interface TimerWheelOptions {
  /** How late an entry may run when `advance` is called at every `nextAt`, in milliseconds: a power of two from 1 on. */
  readonly tickMs: number
  /** The instant, in milliseconds from 0 on, at which the wheel begins. */
  readonly startAt: number
  /** Called when `foreground` leaves 0 or comes back to it. */
  readonly onForeground?: (() => void) | undefined
}

/** The list of what is about to run. It is no slot in time, so it is never marked as occupied. */
const DUE = PARKED + 1
const LAST_INSTANT = Number.MAX_SAFE_INTEGER

/**
 * The hierarchical timing wheel of Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987): it adds and cancels
 * in constant time, however much is pending. Instants are milliseconds, with fractions, of the caller's clock; one beyond
 * 2^53, or NaN, throws a RangeError.
 *
 * Time is cut into ticks; tick t ends, itself included, at t × tickMs. Entries of one tick are always in one slot, in the
 * order they were added, and `WheelPosition` says in which. A slot of many ticks that the position reaches cascades: its
 * entries are placed again, in lower slots.
 */
export class TimerWheel {
  readonly #tickMs: number
  readonly #ticksPerMs: number
  readonly #position = new WheelPosition()
  readonly #slots = Array.from({ length: PARKED }, (_, slot) => TimerEntry.sentinel(slot))
  readonly #parked = TimerEntry.sentinel(PARKED)
  readonly #due = TimerEntry.sentinel(DUE)
  readonly #occupied = new BitSet(DUE + 1)
  #size = 0
  readonly #onForeground: (() => void) | undefined
  #foreground = 0

  constructor({ tickMs, startAt, onForeground }: TimerWheelOptions) {
    this.#onForeground = onForeground
    this.#tickMs = tickMs
    this.#ticksPerMs = 1 / tickMs
    this.#position.moveTo(this.#tickOf(startAt))
  }

  /** How many entries are pending. */
  get size(): number {
    return this.#size
  }

  /** How many of the pending entries are not background. */
  get foreground(): number {
    return this.#foreground
  }

  /**
   * Adds an entry that runs at the first `advance` to `at` or later; `at` may have passed already. `now`, any recent
   * instant, is where an empty wheel goes on from, and is not looked at otherwise.
   */
  add(at: number, task: TimerTask, background: boolean, now: number): TimerEntry {
    // Looks before it calls: `checkNumber` is too dear for what every call adds.
    if (!(Math.abs(at) <= LAST_INSTANT)) checkNumber('at', at, { min: -LAST_INSTANT, max: LAST_INSTANT })
    if (this.#size === 0) {
      this.#position.moveTo(this.#tickOf(now))
    }
    const entry = new TimerEntry(at, task, background, this)
    this.#place(entry, this.#tickOf(at))
    this.#size++
    if (!background && this.#foreground++ === 0) this.#onForeground?.()
    return entry
  }

  /** Takes an entry of this wheel back; returns false when it has run, or was cancelled before. */
  cancel(entry: TimerEntry): boolean {
    if (!entry.linked) return false
    this.#drop(entry)
    return true
  }

  /**
   * The earliest instant at which `advance` has something to do, Infinity when nothing is pending. That is the end of the
   * tick in which the earliest entry is due, or before that when entries must cascade first.
   */
  nextAt(): number {
    if (this.#due.linked) return this.#due.next.at
    const slot = this.#occupied.lowest()
    return slot === -1 ? Infinity : this.#position.startOf(slot) * this.#tickMs
  }

  /**
   * Runs every entry whose instant is not after `now`, tick by tick, and within a tick in the order they were added. What
   * is added meanwhile waits for the next `advance`; what is cancelled meanwhile does not run. An error that an entry throws
   * is thrown on at once; the next `advance` goes on behind that entry.
   */
  advance(now: number): void {
    this.#collect(now)
    while (this.#due.linked) {
      const { next } = this.#due
      const { task } = next
      this.#drop(next)
      task.run()
    }
  }

  /** Moves all that is due into a list of its own, before any of it runs: so running adds nothing to it. */
  #collect(now: number): void {
    const last = Math.max(this.#tickOf(now), this.#position.tick)
    for (let slot = this.#occupied.lowest(); slot !== -1; slot = this.#occupied.lowest()) {
      const tick = this.#position.startOf(slot)
      if (tick > last) break
      this.#position.moveTo(tick)
      if (isSingleTick(slot)) {
        this.#takeDue(slot, now)
        // What this slot still holds is due later in the last tick. Earlier slots are empty by now.
        if (tick === last) break
      } else {
        this.#cascade(slot)
      }
    }
    this.#position.moveTo(last)
  }

  #takeDue(slot: number, now: number): void {
    const list = this.#listOf(slot)
    for (let entry = list.next, { next } = entry; entry !== list; entry = next, { next } = entry) {
      if (entry.at > now) continue
      this.#unlink(entry)
      this.#due.append(entry)
    }
  }

  #cascade(slot: number): void {
    const list = this.#listOf(slot)
    // Parked entries may be parked again, behind the last one there is now.
    const last = list.previous
    let entry: TimerEntry
    do {
      entry = list.next
      this.#unlink(entry)
      this.#place(entry, this.#tickOf(entry.at))
    } while (entry !== last)
  }

  #place(entry: TimerEntry, tick: number): void {
    const slot = this.#position.slotOf(tick)
    this.#listOf(slot).append(entry)
    this.#occupied.add(slot)
  }

  #drop(entry: TimerEntry): void {
    this.#unlink(entry)
    entry.forget()
    this.#size--
    if (!entry.background && --this.#foreground === 0) this.#onForeground?.()
  }

  #unlink(entry: TimerEntry): void {
    if (entry.unlink()) this.#occupied.delete(entry.slot)
  }

  #listOf(slot: number): TimerEntry {
    return this.#slots[slot] ?? this.#parked
  }

  #tickOf(instant: number): number {
    return Math.ceil(instant * this.#ticksPerMs)
  }
}
