// What a metric is in PCP: one metric or several, each of one type, one unit and one meaning.
import type { CheckedSpec } from '../metric-spec.ts'
import { bucketQuantile } from '../quantile.ts'
import { quantileName, usualQuantiles } from '../quantile-name.ts'
import type { MetricFamily, MetricOutline } from '../registry.ts'
import { countUnits, noUnits, unitsOf } from './units.ts'

/** One metric of PCP. */
export interface Column {
  /** Behind the name of the metric. */
  readonly suffix: '' | '.count' | '.sum' | '.spread'
  readonly type: 'u64' | 'double'
  readonly semantics: 'counter' | 'instant'
  /** As in PMAPI(3). */
  readonly units: number
  /** What its instances are besides labels; undefined where it has one value a series. */
  readonly statistics: readonly string[] | undefined
}

type Series = MetricFamily['series'][number]

/** The columns of a kind, for its names: those of `columnsOf` but for statistics. */
export function suffixesOf({ kind }: Pick<MetricOutline, 'kind'>): readonly Column['suffix'][] {
  return kind === 'counter' || kind === 'gauge' ? [''] : ['.count', '.sum', '.spread']
}

/**
 * A counter is a counter, and counts unless its unit is of time or space; a gauge is instant. Of a histogram or summary there are `count` and
 * `sum`, which are counters, and `spread`: the mean of all values and some quantiles, which are instant and are its instances.
 */
export function columnsOf({ spec, kind, series }: MetricFamily): readonly Column[] {
  const one = { suffix: '', type: 'double', statistics: undefined } as const
  if (kind === 'counter') return [{ ...one, semantics: 'counter', units: unitsOf(spec.unit, countUnits) }]
  const units = unitsOf(spec.unit, noUnits)
  if (kind === 'gauge') return [{ ...one, semantics: 'instant', units }]
  const [first] = series
  const shown = first === undefined || 'counts' in first ? usualQuantiles : first.shape.quantiles
  const statistics = ['mean', ...shown.map(statisticName)]
  return [
    { ...one, suffix: '.count', type: 'u64', semantics: 'counter', units: countUnits },
    { ...one, suffix: '.sum', semantics: 'counter', units },
    { ...one, suffix: '.spread', semantics: 'instant', units, statistics },
  ]
}

/** The numbers of a series for all of its columns, in their order. */
export function numbersOf(series: Series): readonly number[] {
  if ('value' in series) return [series.value]
  const { count, sum } = series
  const spread =
    'counts' in series
      ? usualQuantiles.map((quantile) => bucketQuantile(quantile, series.bounds, series.counts))
      : series.quantiles()
  return [count, sum, sum / count, ...spread]
}

/** The first line of its help: PCP's is one line. */
export function helpOf({ help }: CheckedSpec): string {
  return help.replaceAll(/\s+/g, ' ').trim()
}

/** The lowest and the highest value have names of their own. */
function statisticName(quantile: number): string {
  if (quantile === 0) return 'min'
  return quantile === 1 ? 'max' : quantileName(quantile)
}
