// Labels as CloudWatch has them: dimensions, of which a metric has up to 30, in ASCII.
import type { Dimension } from '@aws-sdk/client-cloudwatch'
import type { CheckedSpec } from '../metric-spec.ts'

const most = 30
const longestName = 255
const longestValue = 1_024

/** Throws a TypeError for dimensions of all metrics that CloudWatch would refuse. */
export function checkedDimensions(dimensions: Readonly<Record<string, string>>): readonly Dimension[] {
  const entries = Object.entries(dimensions)
  if (entries.length > most) throw new TypeError(`dimensions must be ${most} at most, but are ${entries.length}`)
  return entries.map(([Name, Value]) => {
    if (!isName(Name)) throw new TypeError(`dimensions has a name that is none to CloudWatch: ${JSON.stringify(Name)}`)
    if (typeof Value !== 'string' || text(Value) !== Value || Value === '')
      throw new TypeError(`dimensions.${Name} must be 1 to ${longestValue} characters of ASCII that can be seen`)
    return { Name, Value }
  })
}

/** Throws a TypeError for a metric with more dimensions than CloudWatch takes: it would refuse all of its values. */
export function checkCount({ name, labels }: CheckedSpec, ofAll: readonly Dimension[]): void {
  const count = new Set([...labels, ...ofAll.map(({ Name }) => Name)]).size
  if (count > most)
    throw new TypeError(
      `metric ${name}: CloudWatch takes ${most} dimensions at most, but with those of all metrics there are ${count}`,
    )
}

/** The dimensions of one series: always the same names, for CloudWatch searches by them. One of all metrics gives way to a label of the same name. */
export function dimensionsOf(
  { labels }: CheckedSpec,
  values: readonly string[],
  ofAll: readonly Dimension[],
): Dimension[] {
  const own = labels.map((Name, at) => ({ Name: Name.slice(0, longestName), Value: text(values[at] ?? '') }))
  return [...ofAll.filter(({ Name }) => !labels.includes(Name ?? '')), ...own]
}

/** What CloudWatch takes of a text: others than ASCII that can be seen become `_`, as nothing does and what is only spaces, and what is too long is cut off. */
export function text(value: string): string {
  const seen = value.replaceAll(/[^\x20-\x7e]/gu, '_').slice(0, longestValue)
  return seen.trim() === '' ? '_' : seen
}

const isName = (name: string): boolean => /^[\x21-\x39\x3b-\x7e][\x21-\x7e]{0,254}$/.test(name)
