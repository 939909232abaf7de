// Pulse: the heart-beats of a session on one connection, and the silence that is its end.
import type { Clock, Timer } from '../../core/clock.ts'

/** How a connection lives. */
export interface PulseOptions {
  readonly clock: Clock
  /** After how long without a word from us the server ends the session, in milliseconds. */
  readonly timeoutMs: number
  /** Sends a heart-beat; the server answers it. */
  readonly beat: () => void
  /** Nothing was heard for so many milliseconds. */
  readonly onSilence: (silentMs: number) => void
}

const background = { background: true }

/** Beats three times in the time of the session. Silence for two thirds of it is the end: what is left is for another server. */
export class Pulse {
  readonly #options: PulseOptions
  readonly #limitMs: number
  #heardAt: number
  #silence: Timer
  #beat: Timer

  constructor(options: PulseOptions) {
    this.#options = options
    this.#limitMs = (options.timeoutMs * 2) / 3
    this.#heardAt = options.clock.now()
    this.#silence = this.#listen()
    this.#beat = this.#beatLater()
  }

  /** Something has come. */
  heard(): void {
    this.#heardAt = this.#options.clock.now()
  }

  stop(): void {
    this.#silence.cancel()
    this.#beat.cancel()
  }

  /** One timer for all that comes: it looks whether anything has, instead of being set anew for each packet. */
  #listen(): Timer {
    const { clock, onSilence } = this.#options
    const check = () => {
      if (clock.now() - this.#heardAt < this.#limitMs) this.#silence = this.#listen()
      else onSilence(this.#limitMs)
    }
    return clock.scheduleAt(this.#heardAt + this.#limitMs, { run: check }, background)
  }

  #beatLater(): Timer {
    const { clock, timeoutMs } = this.#options
    const beat = () => {
      this.#beat = this.#beatLater()
      this.#options.beat()
    }
    return clock.schedule(timeoutMs / 3, beat, background)
  }
}
