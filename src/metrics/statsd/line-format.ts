// What a dialect of StatsD decides: how lines look in which a value stands between a name and a type.
import { byteLength } from '../../primitives/byte-length.ts'
import type { CheckedSpec } from '../metric-spec.ts'

/** What stands around the value in all lines of one series. */
export interface Line {
  /** As in `shop.calls.sum:`. */
  readonly before: string
  /** As in `|c`, with the line feed. */
  readonly after: string
  /** How many bytes more than characters the two have in UTF-8, so that lines which belong together stay together. */
  readonly extraBytes: number
}

/** What stands around the value, measured. */
export function line(before: string, after: string): Line {
  return { before, after, extraBytes: byteLength(before) + byteLength(after) - before.length - after.length }
}

/** The lines of a histogram or summary. */
export interface TimingLine extends Line {
  /** How many milliseconds one of the metric's unit is, where values are written as milliseconds; undefined where they are written as they are. */
  readonly millisecondsPer: number | undefined
}

/** A dialect of StatsD. */
export interface LineFormat {
  /** Whether a value with a sign is added to the gauge, as in StatsD itself: then only one that is at zero can be set below. */
  readonly signAdds: boolean
  /** Whether a line of a histogram or summary holds several values, as in `took:1:2:3|d`. */
  readonly packsTimings: boolean
  counter(spec: CheckedSpec, values: readonly string[]): Line
  gauge(spec: CheckedSpec, values: readonly string[]): Line
  /** Of a histogram or summary, of whose observations a share of `sampleRatio` is sent. */
  timing(spec: CheckedSpec, values: readonly string[], sampleRatio: number): TimingLine
}
