// Histograms and summaries as numbers with names, for receivers that know nothing else.
import type { HistogramNumbers, SummaryNumbers } from './label-texts.ts'
import { bucketQuantile } from './quantile.ts'
import { quantileName, usualQuantiles } from './quantile-name.ts'

/** A name and a number: `count`, `sum`, `p99`, `le_0.5`. A number may be NaN or infinite, which no receiver wants. */
export type Field = readonly [name: string, value: number]

const usualNames: readonly string[] = usualQuantiles.map(quantileName)

/** How many values, and their sum; with `buckets` also how many were up to each bound, as in `le_0.5`. All of them can be added up over a fleet. */
export function amountFields(of: Pick<HistogramNumbers, 'sum' | 'count'>, buckets?: HistogramNumbers): Field[] {
  const fields: Field[] = [
    ['count', of.count],
    ['sum', of.sum],
  ]
  if (buckets === undefined) return fields
  let upTo = 0
  for (const [bucket, name] of boundNames(buckets.bounds).entries()) {
    upTo += buckets.counts[bucket] ?? 0
    fields.push([name, upTo])
  }
  return fields
}

/** `p50`, `p90`, `p95` and `p99` of what is in the buckets, see `bucketQuantile`; nothing where there is nothing. */
export function histogramQuantiles({ bounds, counts, count }: HistogramNumbers): Field[] {
  if (count === 0 || bounds.length === 0) return []
  return usualQuantiles.map((quantile, index) => [usualNames[index] ?? '', bucketQuantile(quantile, bounds, counts)])
}

/** The quantiles of a summary, as in `p99.9`; nothing where its window has no values. */
export function summaryQuantiles(of: SummaryNumbers): Field[] {
  const { quantiles } = of.shape
  return of
    .quantiles()
    .flatMap((value, index): Field[] => (Number.isNaN(value) ? [] : [[quantileName(quantiles[index] ?? 0), value]]))
}

/** All series of a metric have the same bounds. */
const named = new WeakMap<Float64Array, readonly string[]>()

function boundNames(bounds: Float64Array): readonly string[] {
  let names = named.get(bounds)
  if (names === undefined) {
    names = Array.from(bounds, (bound) => `le_${bound}`)
    named.set(bounds, names)
  }
  return names
}
