// The arithmetic of a hierarchical timing wheel, apart from its lists: which slot a tick belongs to, seen from the tick that
// the wheel has reached.

/** The slot of every tick from the horizon on, after the five levels of 64 slots each. */
export const PARKED: number = 5 * 64

/** What the five levels tell apart: six bits each. */
const HORIZON_TICKS = 2 ** 30

/**
 * A position in time, counted in ticks: whole numbers from 0 to 2^53. A later tick belongs to the level of the highest group
 * of six bits in which it differs from the position, and there to the slot that these six bits name. So every slot of a
 * level comes before all of the next level: of several slots, the lowest is the earliest. What differs above the lowest 30
 * bits is parked until the position comes to the horizon, the next multiple of 2^30.
 */
export class WheelPosition {
  #tick = 0
  #horizon = HORIZON_TICKS

  /** The tick that the wheel has reached. */
  get tick(): number {
    return this.#tick
  }

  /** Moves on to a tick; not back. Slots stay right as long as none in use begins before it. */
  moveTo(tick: number): void {
    if (tick <= this.#tick) return
    this.#tick = tick
    if (tick >= this.#horizon) this.#horizon = (Math.floor(tick / HORIZON_TICKS) + 1) * HORIZON_TICKS
  }

  /** Returns the slot of a tick, which is that of the position when the tick is not after it. */
  slotOf(tick: number): number {
    if (tick <= this.#tick) return this.#tick & 63
    if (tick >= this.#horizon) return PARKED
    // Up to the horizon only the lowest 30 bits differ, so that 32-bit operators see all that matters. Comparing is a tenth
    // of `add` faster than counting leading zeros and dividing them by six.
    const low = tick | 0
    const differing = low ^ this.#tick
    if (differing < 1 << 6) return low & 63
    if (differing < 1 << 12) return 64 + ((low >>> 6) & 63)
    if (differing < 1 << 18) return 128 + ((low >>> 12) & 63)
    if (differing < 1 << 24) return 192 + ((low >>> 18) & 63)
    return 256 + ((low >>> 24) & 63)
  }

  /** Returns the first tick of a slot in use. */
  startOf(slot: number): number {
    if (slot === PARKED) return this.#horizon
    const shift = (slot >>> 6) * 6
    const sinceLevelBegan = this.#tick & ((64 << shift) - 1)
    return this.#tick - sinceLevelBegan + ((slot & 63) << shift)
  }
}

/** Whether a slot holds one tick only, so that what is in it cannot come closer by moving to another slot. */
export function isSingleTick(slot: number): boolean {
  return slot < 64
}
