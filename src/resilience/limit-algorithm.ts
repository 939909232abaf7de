// LimitAlgorithm: what an algorithm that learns a concurrency limit is told and asked; the interface to bring one's own.

/** What was measured of the unary calls of one window. */
export interface LimitSample {
  /** When the window ended: a moment of the clock. */
  readonly at: number
  /** How long the calls took on average, in milliseconds. */
  readonly durationMs: number
  /** How many calls were measured. */
  readonly count: number
  /** The most calls in flight when one of them began, itself included. */
  readonly inFlight: number
  /** Whether more of them were dropped than is tolerated: past their deadline, or refused from within. */
  readonly dropped: boolean
  /** The present limit, with the fraction that the algorithm gave it. */
  readonly limit: number
}

/** Learns a limit. It has a state, so each adaptive limit needs one of its own. */
export interface LimitAlgorithm {
  /** For the operator. */
  readonly name: string
  /**
   * Takes a sample in and gives the limit from now on, fractions included; it is kept within `minLimit` and `maxLimit`. What was
   * measured below a limit that is less than half used says nothing of more, and should not raise it.
   */
  update(sample: LimitSample): number
  /** Its own state, as plain data that JSON can carry. */
  snapshot(): Readonly<Record<string, unknown>>
}

/** Whether so much of the limit was used that the sample says something of it. */
export function isLimitHalfUsed({ inFlight, limit }: Pick<LimitSample, 'inFlight' | 'limit'>): boolean {
  return 2 * inFlight >= limit
}
