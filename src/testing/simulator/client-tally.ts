// How often a client was called, and how many attempts it made of that.

/** What one client did in a run. */
export interface ClientReport {
  /** The server that it calls. */
  readonly server: string
  readonly calls: number
  /** What its calls sent to instances. */
  readonly attempts: number
  /** 0 when it was not called. */
  readonly attemptsPerCall: number
}

/** Counts the calls of one client; begins anew with each run. */
export class ClientTally {
  calls = 0
  attempts = 0
  readonly #server: string

  constructor(server: string) {
    this.#server = server
  }

  begin(): void {
    this.calls = 0
    this.attempts = 0
  }

  get report(): ClientReport {
    const { calls, attempts } = this
    return { server: this.#server, calls, attempts, attemptsPerCall: calls === 0 ? 0 : attempts / calls }
  }
}
