// What every kind of row has in common, whatever it measures.

export interface Row {
  /** In lower case: it is a part of what is published. */
  readonly name: string
  /** Called once, in a process of its own. */
  run(): Promise<RowResult>
}

export interface RowResult {
  /** Ours. */
  readonly figure: Figure
  /** @default none: the row is judged by itself */
  readonly compared?: readonly Comparison[] | undefined
  /** What was left out and why, and on what else the figures depend; each in a line. @default nothing */
  readonly notes?: readonly string[] | undefined
}

/** One thing that was measured. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** How far the middle half of the samples lies apart, as a share of their median. */
  readonly spread: number
  /** How many calls, or whatever is counted, were done in a second meanwhile. @default not known */
  readonly perSecond?: number | undefined
  /** @default none: the figure is judged by the comparisons */
  readonly verdict?: string | undefined
}

export interface Comparison {
  readonly name: string
  /** The peer's. */
  readonly figure: Figure
  /** How many times better we are: 1 is equal, above 1 we win. */
  readonly ratio: number
  /** What was promised. @default nothing */
  readonly bar?: number | undefined
}
