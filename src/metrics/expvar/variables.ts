// The metrics of a registry as variables: what each is called, and what it is.
import type { HistogramSeries } from '../histogram.ts'
import { bucketQuantile } from '../quantile.ts'
import type { MetricFamily } from '../registry.ts'
import type { SummarySeries } from '../summary.ts'

/** A number, null for what is no finite one, or what is found under further names. */
export type Variable = number | null | Levels

interface Levels {
  [name: string]: Variable
}

/**
 * Gives each metric as variables, in the order in which they were made. A counter or gauge is a number; of a histogram or summary there are
 * `name.p50`, `.p90`, `.p95`, `.p99`, or the quantiles of the summary, and `name.count` and `name.sum`. One with labels is an object
 * with a level for each label, in which the keys are like `method=sum`; on the last level there is a number, or an object with `p50` and so on.
 */
export function* variables(families: readonly MetricFamily[]): Generator<readonly [name: string, variable: Variable]> {
  for (const family of families) {
    const { spec } = family
    if (spec.labels.length > 0) yield [spec.name, labelled(family)]
    else yield* unlabelled(family)
  }
}

const quantiles: readonly number[] = [0.5, 0.9, 0.95, 0.99]

type Series = MetricFamily['series'][number]

function* unlabelled({ spec, series }: MetricFamily): Generator<readonly [string, Variable]> {
  for (const one of series) {
    if ('value' in one) yield [spec.name, finite(one.value)]
    else for (const [field, value] of fields(one)) yield [`${spec.name}.${field}`, value]
  }
}

function labelled({ spec, series }: MetricFamily): Variable {
  const levels: Levels = {}
  for (const one of series) {
    const keys = spec.labels.map((label, index) => `${label}=${one.values[index]}`)
    let level = levels
    for (const key of keys.slice(0, -1)) level = below(level, key)
    level[keys.at(-1) ?? ''] = leaf(one)
  }
  return levels
}

function below(level: Levels, key: string): Levels {
  const next = level[key] ?? {}
  level[key] = next
  return next as Levels
}

function leaf(one: Series): Variable {
  return 'value' in one ? finite(one.value) : Object.fromEntries(fields(one))
}

function fields(one: HistogramSeries | SummarySeries): [field: string, value: Variable][] {
  const shown = 'counts' in one ? quantiles : one.shape.quantiles
  const values =
    'counts' in one ? shown.map((quantile) => bucketQuantile(quantile, one.bounds, one.counts)) : one.quantiles()
  return [
    ...shown.map((quantile, index): [string, Variable] => [percent(quantile), finite(values[index])]),
    ['count', one.count],
    ['sum', finite(one.sum)],
  ]
}

/** `p99.9` for 0.999; multiplied as it is, that would be 99.89999999999999. */
function percent(quantile: number): string {
  return `p${Number((quantile * 100).toFixed(10))}`
}

/** JSON has neither NaN nor Infinity. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
