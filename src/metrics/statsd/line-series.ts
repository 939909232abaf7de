// What each series does about its lines, whatever it measures.

/** One series, and what of it has yet to be sent. */
export interface LineSeries {
  /** Writes what has changed since it last did; with `again`, also what was lost meanwhile and cannot be made up for otherwise. */
  write(again: boolean): void
  /** The series is forgotten: what is measured from now on is for nobody. */
  end(): void
}

/** Where lines go. */
export interface LineWriter {
  /** As that of a BatchWriter. */
  write(line: string, extraBytes: number): void
}
