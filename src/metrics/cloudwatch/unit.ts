// The units that CloudWatch knows (StandardUnit of its API): it refuses all others.
import type { StandardUnit } from '@aws-sdk/client-cloudwatch'

const units: ReadonlyMap<string, StandardUnit> = new Map([
  ['microseconds', 'Microseconds'],
  ['milliseconds', 'Milliseconds'],
  ['seconds', 'Seconds'],
  ['bits', 'Bits'],
  ['bytes', 'Bytes'],
  ['kilobytes', 'Kilobytes'],
  ['megabytes', 'Megabytes'],
  ['gigabytes', 'Gigabytes'],
  ['percent', 'Percent'],
])

/** What a metric's unit is to CloudWatch; `Count` for a counter without one, and `None` for what it does not know. */
export function unitOf(unit: string, isCounter: boolean): StandardUnit {
  return units.get(unit) ?? (isCounter && unit === '' ? 'Count' : 'None')
}
