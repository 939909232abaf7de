// What was done a moment ago and may yet turn out to have failed: the system learns of a refusal after it has taken a datagram.

/**
 * Counts what is in doubt. On this machine a refusal is there as soon as a datagram is sent, and the next poll of the event loop reads
 * it; so doubt is over when the loop has polled. From afar a refusal takes longer, and comes too late for that.
 */
export class Doubt {
  readonly #onOver: (count: number) => void
  readonly #onTurn = (): void => this.#turn()
  /** Added since the last turn of the loop, which may or may not have polled by the next one. */
  #fresh = 0
  /** Added before: by the next turn the loop has polled. */
  #aged = 0
  #turning = false

  constructor(onOver: (count: number) => void) {
    this.#onOver = onOver
  }

  get count(): number {
    return this.#aged + this.#fresh
  }

  add(): void {
    this.#fresh++
    if (this.#turning) return
    this.#turning = true
    setImmediate(this.#onTurn)
  }

  /** Ends all doubt now, and returns how much there was; `onOver` does not hear of it. */
  end(): number {
    const { count } = this
    this.#aged = 0
    this.#fresh = 0
    return count
  }

  #turn(): void {
    const over = this.#aged
    this.#aged = this.#fresh
    this.#fresh = 0
    this.#turning = this.#aged > 0
    if (this.#turning) setImmediate(this.#onTurn)
    if (over > 0) this.#onOver(over)
  }
}
