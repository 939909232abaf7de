// What happened lately, for any number of readers: a measurement that each reader began anew would take from one what it gave to another.
import type { Clock } from '../../core/clock.ts'

/** Measures from when it was made, or last begun anew. */
export interface Window {
  /** Forgets what was, and goes on from now. */
  restart(): void
}

/**
 * Two windows that begin at different times; what is read is the one that began earlier. It then begins anew if by then the other one is
 * old enough to take its place.
 *
 * Nobody misses anything who reads at least every `windowMs`, or is the only one to read: what is shown at a time t began before that reader's
 * last time p. For had it begun later, it would since have become the earlier one, which takes that it was `windowMs` old when
 * somebody read; so more than `windowMs` would lie between p and t, and somebody else would have read meanwhile.
 */
export class OverlappingWindows<W extends Window> {
  readonly #windowMs: number
  readonly #clock: Clock
  #earlier: Begun<W>
  #later: Begun<W>

  constructor(begin: () => W, windowMs: number, clock: Clock) {
    this.#windowMs = windowMs
    this.#clock = clock
    this.#earlier = { window: begin(), at: clock.now() }
    this.#later = { window: begin(), at: clock.now() }
  }

  /** Both, for one who stops them. */
  get all(): readonly W[] {
    return [this.#earlier.window, this.#later.window]
  }

  /** Shows what was measured for at least `windowMs`, or since the beginning. */
  read(look: (window: W) => void): void {
    const earlier = this.#earlier
    look(earlier.window)
    const now = this.#clock.now()
    if (now - this.#later.at < this.#windowMs) return
    earlier.window.restart()
    earlier.at = now
    this.#earlier = this.#later
    this.#later = earlier
  }
}

interface Begun<W> {
  readonly window: W
  at: number
}
