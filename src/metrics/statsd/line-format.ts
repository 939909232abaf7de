// What a dialect of StatsD decides: how lines look in which a value stands between a name and a type.
import type { CheckedSpec } from '../metric-spec.ts'

/** What stands around the value in all lines of one series. */
export interface Line {
  /** As in `shop.calls.sum:`. */
  readonly before: string
  /** As in `|c`, with the line feed. */
  readonly after: string
}

/** The lines of a histogram or summary. */
export interface TimingLine extends Line {
  /** How many milliseconds one of the metric's unit is, where values are written as milliseconds; undefined where they are written as they are. */
  readonly millisecondsPer: number | undefined
}

/** A dialect of StatsD. All of its texts are ASCII, so that lines which belong together stay together. */
export interface LineFormat {
  /** Whether a value with a sign is added to the gauge, as in StatsD itself: then only one that is at zero can be set below. */
  readonly signAdds: boolean
  counter(spec: CheckedSpec, values: readonly string[]): Line
  gauge(spec: CheckedSpec, values: readonly string[]): Line
  /** Of a histogram or summary, of whose observations a share of `sampleRatio` is sent. */
  timing(spec: CheckedSpec, values: readonly string[], sampleRatio: number): TimingLine
}
