// The lines of Graphite's plain text protocol: of each number its name, its value and the second.
import { amountFields, type Field, histogramQuantiles, summaryQuantiles } from '../fields.ts'
import { confirmAll, Increases } from '../increases.ts'
import {
  eachAlike,
  LabelTexts,
  lastOf,
  sumOfCounters,
  sumOfHistograms,
  sumOfSummaries,
  type Texts,
} from '../label-texts.ts'
import type { MetricFamily } from '../registry.ts'
import type { GraphiteNames } from './graphite-names.ts'

type Histograms = Extract<MetricFamily, { readonly kind: 'histogram' }>

/** Writes what metrics come to in all, and quantiles of what histograms were shown since they were written before. */
export class GraphiteLines {
  readonly #names: GraphiteNames
  readonly #buckets: boolean
  readonly #increases = new Increases()
  readonly #texts: LabelTexts

  /** `buckets` as in the options of the backend. */
  constructor(names: GraphiteNames, buckets: boolean) {
    this.#names = names
    this.#buckets = buckets
    this.#texts = new LabelTexts((spec, values) => names.series(spec, values))
  }

  /** Writes lines, each with its line feed, as of a moment in milliseconds since the epoch. What is no finite number is left out. */
  write(families: readonly MetricFamily[], wallMs: number, write: (line: string) => void): void {
    const end = ` ${Math.floor(wallMs / 1_000)}\n`
    for (const family of families) {
      const put = (series: string, field: string, value: number) => {
        if (Number.isFinite(value)) write(`${this.#names.name(family.spec, series, field)} ${value}${end}`)
      }
      const putAll = (series: string, fields: readonly Field[]) => {
        for (const [field, value] of fields) put(series, field, value)
      }
      const texts = this.#texts.of(family)
      switch (family.kind) {
        case 'counter':
          eachAlike(family.series, texts, sumOfCounters, (series, { value }) => put(series, '', value))
          break
        case 'gauge':
          eachAlike(family.series, texts, lastOf, (series, { value }) => put(series, '', value))
          break
        case 'histogram': {
          const quantiles = this.#quantiles(family, texts)
          eachAlike(family.series, texts, sumOfHistograms, (series, one) => {
            putAll(series, amountFields(one, this.#buckets ? one : undefined))
            putAll(series, quantiles.get(series) ?? [])
          })
          break
        }
        case 'summary':
          eachAlike(family.series, texts, sumOfSummaries, (series, one) =>
            putAll(series, [...amountFields(one), ...summaryQuantiles(one)]),
          )
      }
    }
  }

  #quantiles(family: Histograms, texts: Texts): ReadonlyMap<string, readonly Field[]> {
    const [taken] = this.#increases.take([family])
    const quantiles = new Map<string, readonly Field[]>()
    if (taken?.kind !== 'histogram') return quantiles
    eachAlike(taken.series, texts, sumOfHistograms, (series, one) => quantiles.set(series, histogramQuantiles(one)))
    // Nothing says what has arrived.
    confirmAll([taken])
    return quantiles
  }
}
