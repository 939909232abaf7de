// Closes connections on which no request comes: Node's own limit begins anew with every byte, even one that is none of a request.

/** What is looked at. */
export interface SweptConnection {
  /** Whether it waits for a request. */
  readonly isIdle: boolean
  /** How often it was found to be; the sweep counts, and whoever takes a request sets it back. */
  idleLooks: number
  destroy(): void
  /** Closes it behind what was handed over, unless more is to come; one on which nothing was sent yet after a moment. */
  finishSoon(): void
}

const looksInLimit = 4

/** Looks at connections now and then, and closes those that were idle for longer than the limit, at most a quarter of it late. */
export class ConnectionSweep {
  readonly #connections = new Set<SweptConnection>()
  readonly #everyMs: number
  #timer: ReturnType<typeof setInterval> | undefined = undefined

  /** Nothing is closed when the limit is Infinity. */
  constructor(limitMs: number) {
    this.#everyMs = limitMs / looksInLimit
  }

  add(connection: SweptConnection): void {
    this.#connections.add(connection)
    if (this.#timer !== undefined || this.#everyMs === Infinity) return
    this.#timer = setInterval(() => this.#look(), this.#everyMs)
    this.#timer.unref()
  }

  delete(connection: SweptConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.stop()
  }

  /** Closes all on which no reply is to come. */
  finish(): void {
    for (const connection of this.#connections) connection.finishSoon()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    for (const connection of this.#connections) {
      if (!connection.isIdle) connection.idleLooks = 0
      else if (++connection.idleLooks > looksInLimit) connection.destroy()
    }
  }
}
