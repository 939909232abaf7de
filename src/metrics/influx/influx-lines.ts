// The points of one sending as lines: a series is a line, and its numbers are the fields.
import { amountFields, type Field, histogramQuantiles, summaryQuantiles } from '../fields.ts'
import type { IncreaseFamily } from '../increases.ts'
import { eachAlike, LabelTexts, lastOf, sumOfCounters, sumOfHistograms, sumOfSummaries } from '../label-texts.ts'
import type { CheckedSpec } from '../metric-spec.ts'
import { fieldText, keyText, measurementText, tagText } from './tag-text.ts'

/** What lines have besides what is measured. */
export interface InfluxLineOptions {
  readonly prefix: string
  readonly tags: Readonly<Record<string, string>>
  /** As in the options of the backend. */
  readonly buckets: boolean
}

/** Names of columns that InfluxDB has itself: a tag with one of them is refused. */
const reserved = /^(?:time|_field|_measurement)$/
/** The fields of which all series of a metric have whole numbers: a type stays what it was in the first point. */
const integers = /^(?:count|le_.+)$/

/** Writes what was gained. */
export class InfluxLines {
  readonly #buckets: boolean
  /** Measurement and tags, and the space behind them. */
  readonly #heads: LabelTexts

  constructor(options: InfluxLineOptions) {
    this.#buckets = options.buckets
    this.#heads = new LabelTexts((spec, values) => headText(spec, values, options))
  }

  /**
   * Writes lines, each with its line feed, as of a time in nanoseconds. Gauges are always written, others when they have gained something, and the first time. What is no finite
   * number is left out.
   */
  write(taken: readonly IncreaseFamily[], nanoseconds: string, write: (line: string) => void): void {
    const end = ` ${nanoseconds}\n`
    const single = (head: string, value: number) => {
      if (Number.isFinite(value)) write(`${head}value=${value}${end}`)
    }
    const spread = (head: string, fields: readonly Field[]) => write(`${head}${fieldsText(fields)}${end}`)
    for (const gained of taken) {
      const heads = this.#heads.of(gained.family)
      switch (gained.kind) {
        case 'counter':
          eachAlike(gained.series, heads, sumOfCounters, (head, { value, isFirst }) => {
            if (value > 0 || isFirst) single(head, value)
          })
          break
        case 'gauge':
          eachAlike(gained.series, heads, lastOf, (head, { value }) => single(head, value))
          break
        case 'histogram':
          eachAlike(gained.series, heads, sumOfHistograms, (head, one) => {
            const buckets = this.#buckets ? one : undefined
            if (one.count > 0 || one.isFirst) spread(head, [...amountFields(one, buckets), ...histogramQuantiles(one)])
          })
          break
        case 'summary':
          eachAlike(gained.series, heads, sumOfSummaries, (head, one) => {
            if (one.count > 0 || one.isFirst) spread(head, [...amountFields(one), ...summaryQuantiles(one)])
          })
      }
    }
  }
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
