// The lines of Graphite's plain text protocol: of each number its name, its value and the second.
import { alike, lastOf, sumOfCounters, sumOfHistograms, sumOfSummaries } from '../alike.ts'
import { amountFields, type Field, histogramQuantiles, summaryQuantiles } from '../fields.ts'
import { Increases } from '../increases.ts'
import type { MetricFamily } from '../registry.ts'
import type { GraphiteNames } from './graphite-names.ts'

interface Labelled {
  readonly values: readonly string[]
}

type Histograms = Extract<MetricFamily, { readonly kind: 'histogram' }>

/** Writes what metrics come to in all, and quantiles of what histograms were shown since they were written before. */
export class GraphiteLines {
  readonly #names: GraphiteNames
  readonly #buckets: boolean
  readonly #increases = new Increases()
  /** By the list of the values, of which each series has its own. */
  readonly #texts = new WeakMap<readonly string[], string>()

  /** `buckets` as in the options of the backend. */
  constructor(names: GraphiteNames, buckets: boolean) {
    this.#names = names
    this.#buckets = buckets
  }

  /** Writes lines, each with its line feed, as of a moment in milliseconds since the epoch. What is no finite number is left out. */
  write(families: readonly MetricFamily[], wallMs: number, write: (line: string) => void): void {
    const end = ` ${Math.floor(wallMs / 1_000)}\n`
    for (const family of families) {
      for (const [series, fields] of this.#fields(family)) {
        for (const [field, value] of fields) {
          const name = this.#names.name(family.spec, series, field)
          if (Number.isFinite(value)) write(`${name} ${value}${end}`)
        }
      }
    }
  }

  *#fields(family: MetricFamily): Generator<readonly [series: string, fields: readonly Field[]]> {
    const textOf = (one: Labelled) => this.#textOf(family, one.values)
    switch (family.kind) {
      case 'counter':
        for (const [text, { value }] of alike(family.series, textOf, sumOfCounters)) yield [text, [['', value]]]
        break
      case 'gauge':
        for (const [text, { value }] of alike(family.series, textOf, lastOf)) yield [text, [['', value]]]
        break
      case 'summary':
        for (const [text, one] of alike(family.series, textOf, sumOfSummaries))
          yield [text, [...amountFields(one), ...summaryQuantiles(one)]]
        break
      case 'histogram':
        yield* this.#ofHistograms(family, textOf)
    }
  }

  *#ofHistograms(
    family: Histograms,
    textOf: (one: Labelled) => string,
  ): Generator<readonly [series: string, fields: readonly Field[]]> {
    const [taken] = this.#increases.take([family])
    const increases = taken?.kind === 'histogram' ? taken.series : []
    const shown = alike(increases, textOf, sumOfHistograms)
    for (const [text, one] of alike(family.series, textOf, sumOfHistograms)) {
      const increase = shown.get(text)
      const quantiles = increase === undefined ? [] : histogramQuantiles(increase)
      yield [text, [...amountFields(one, this.#buckets ? one : undefined), ...quantiles]]
    }
    // Nothing says what has arrived; and totals, which may be late, are never lost.
    for (const increase of increases) increase.confirm()
  }

  #textOf({ spec }: MetricFamily, values: readonly string[]): string {
    let text = this.#texts.get(values)
    if (text === undefined) {
      text = this.#names.series(spec, values)
      this.#texts.set(values, text)
    }
    return text
  }
}
