// What every metric says of itself: its name, its meaning, its labels, and how many series it may have.
import { checkNumber } from '../primitives/check.ts'

/** What a metric says of itself. `L` are the names of its labels. */
export interface MetricSpec<L extends string = never> {
  /**
   * Letters, digits, `_`, `:` and `.`, not beginning with a digit or a dot. A name with dots is in OpenTelemetry's form
   * (`rpc.server.calls`), and a backend translates it into its own; one without is taken as it is.
   */
  readonly name: string
  /** One sentence for who reads a dashboard: what it counts, and whether values of several hosts may be added. @default '' */
  readonly help?: string | undefined
  /** In what it is measured, as a plural: `seconds`, `bytes`. @default '' */
  readonly unit?: string | undefined
  /** The names of its labels: letters, digits, `_` and `.`. Every series has a value for each. @default none */
  readonly labels?: readonly L[] | undefined
  /** How many series there may be. What is over is counted in overflow series, so that sums stay true. @default 2_000 */
  readonly maxSeries?: number | undefined
  /** Labels that overflow series keep, because sums over them must stay true: those with few values. @default those that end in `method` or `code` */
  readonly keep?: readonly L[] | undefined
}

/** A spec that has been looked at, with its defaults filled in. */
export interface CheckedSpec {
  readonly name: string
  readonly help: string
  readonly unit: string
  readonly labels: readonly string[]
  readonly maxSeries: number
  readonly keep: readonly string[]
}

const nameForm = /^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\.[a-zA-Z0-9_:]+)*$/
const labelForm = /^[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)*$/
const unitForm = /^(?:[a-z][a-z0-9_]*)?$/
const keptByDefault = /(?:^|[._])(?:method|(?:status_)?code)$/

/** Looks at a spec. Throws a TypeError or RangeError that names the metric, the option, the value and what is legal. */
export function checkSpec(spec: MetricSpec<string>): CheckedSpec {
  const { name, help = '', unit = '', labels = [], maxSeries = 2_000 } = spec
  if (typeof name !== 'string' || !nameForm.test(name))
    throw new TypeError(
      `name of a metric must be letters, digits, _, : and single dots, not beginning with a digit, but is ${JSON.stringify(name)}`,
    )
  if (typeof help !== 'string') throw new TypeError(`metric ${name}: help must be a text`)
  if (typeof unit !== 'string' || !unitForm.test(unit))
    throw new TypeError(`metric ${name}: unit must be lower-case letters, digits and _, but is ${JSON.stringify(unit)}`)
  if (!Array.isArray(labels)) throw new TypeError(`metric ${name}: labels must be a list of names`)
  for (const label of labels) {
    if (typeof label !== 'string' || !labelForm.test(label))
      throw new TypeError(
        `metric ${name}: a label must be letters, digits, _ and single dots, not beginning with a digit, but is ${JSON.stringify(label)}`,
      )
  }
  if (new Set(labels).size !== labels.length) throw new TypeError(`metric ${name}: two labels have the same name`)
  const keep = spec.keep ?? labels.filter((label) => keptByDefault.test(label))
  const strange = keep.find((label) => !labels.includes(label))
  if (strange !== undefined)
    throw new TypeError(`metric ${name}: keep names ${JSON.stringify(strange)}, which is no label`)
  checkNumber(`metric ${name}: maxSeries`, maxSeries, { min: 1, max: 1_000_000, integer: true })
  return { name, help, unit, labels: [...labels], maxSeries, keep: [...keep] }
}
