// The points of one sending as lines: a series is a line, and its numbers are the fields.
import { alike, lastOf, sumOfCounters, sumOfHistograms, sumOfSummaries } from '../alike.ts'
import { amountFields, type Field, histogramQuantiles, summaryQuantiles } from '../fields.ts'
import type { IncreaseFamily } from '../increases.ts'
import type { CheckedSpec } from '../metric-spec.ts'
import { fieldText, keyText, measurementText, tagText } from './tag-text.ts'

/** What lines have besides what is measured. */
export interface InfluxLineOptions {
  readonly prefix: string
  readonly tags: Readonly<Record<string, string>>
  /** As in the options of the backend. */
  readonly buckets: boolean
}

interface Labelled {
  readonly values: readonly string[]
}

/** Names of columns that InfluxDB has itself: a tag with one of them is refused. */
const reserved = /^(?:time|_field|_measurement)$/
/** The fields of which all series of a metric have whole numbers: a type stays what it was in the first point. */
const integers = /^(?:count|le_.+)$/

/** Writes what was gained. */
export class InfluxLines {
  readonly #options: InfluxLineOptions
  /** By the list of the values, of which each series has its own. */
  readonly #heads = new WeakMap<readonly string[], string>()

  constructor(options: InfluxLineOptions) {
    this.#options = options
  }

  /**
   * Writes lines, each with its line feed, as of a time in nanoseconds. Gauges are always written, others when they have gained something, and the first time. What is no finite
   * number is left out.
   */
  write(families: readonly IncreaseFamily[], nanoseconds: string, write: (line: string) => void): void {
    const end = ` ${nanoseconds}\n`
    for (const family of families) {
      const headOf = ({ values }: Labelled) => this.#headOf(family.spec, values)
      if (family.kind === 'counter' || family.kind === 'gauge') {
        for (const [head, value] of singles(family, headOf))
          if (Number.isFinite(value)) write(`${head}value=${value}${end}`)
      } else {
        for (const [head, fields] of this.#spreads(family, headOf)) write(`${head}${fieldsText(fields)}${end}`)
      }
    }
  }

  *#spreads(family: Spreads, headOf: (one: Labelled) => string): Generator<readonly [head: string, Field[]]> {
    if (family.kind === 'histogram') {
      const shown = family.series.filter(({ isFirst, count }) => isFirst || count > 0)
      for (const [head, one] of alike(shown, headOf, sumOfHistograms))
        yield [head, [...amountFields(one, this.#options.buckets ? one : undefined), ...histogramQuantiles(one)]]
    } else {
      const shown = family.series.filter(({ isFirst, count }) => isFirst || count > 0)
      for (const [head, one] of alike(shown, headOf, sumOfSummaries))
        yield [head, [...amountFields(one), ...summaryQuantiles(one)]]
    }
  }

  /** Measurement and tags, and the space behind them. */
  #headOf(spec: CheckedSpec, values: readonly string[]): string {
    let head = this.#heads.get(values)
    if (head === undefined) {
      head = headText(spec, values, this.#options)
      this.#heads.set(values, head)
    }
    return head
  }
}

type Spreads = Extract<IncreaseFamily, { readonly kind: 'histogram' | 'summary' }>
type Singles = Extract<IncreaseFamily, { readonly kind: 'counter' | 'gauge' }>

function* singles(family: Singles, headOf: (one: Labelled) => string): Generator<readonly [head: string, number]> {
  if (family.kind === 'gauge') {
    for (const [head, { value }] of alike(family.series, headOf, lastOf)) yield [head, value]
    return
  }
  const shown = family.series.filter(({ isFirst, value }) => isFirst || value > 0)
  for (const [head, { value }] of alike(shown, headOf, sumOfCounters)) yield [head, value]
}

/** Tags are sorted by key, which spares the server doing it. A label has precedence over a tag of all series; one with a name of InfluxDB's own ends in `_`. */
function headText(
  { name, labels }: CheckedSpec,
  values: readonly string[],
  { prefix, tags }: InfluxLineOptions,
): string {
  const all = new Map(Object.entries(tags))
  for (const [index, label] of labels.entries()) all.set(tagName(label, labels), values[index] ?? '')
  const texts = Array.from(all)
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `,${keyText(key)}=${tagText(value)}`)
  return `${measurementText(prefix + name)}${texts.join('')} `
}

function tagName(label: string, labels: readonly string[]): string {
  if (!reserved.test(label)) return label
  let name = `${label}_`
  while (labels.includes(name)) name += '_'
  return name
}

function fieldsText(fields: readonly Field[]): string {
  return fields
    .flatMap(([name, value]) => {
      const text = fieldText(value, integers.test(name))
      return text === undefined ? [] : [`${keyText(name)}=${text}`]
    })
    .join(',')
}
