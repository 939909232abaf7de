// One metric as text. What of a line stays the same from one scrape to the next is written once and kept: names and labels cost most.
import type { CounterSeries } from '../counter.ts'
import type { Exemplar } from '../exemplar.ts'
import type { GaugeSeries } from '../gauge.ts'
import type { HistogramSeries } from '../histogram.ts'
import type { MetricFamily, MetricOutline } from '../registry.ts'
import type { SummarySeries } from '../summary.ts'
import { escapeHelp, escapeLabel } from './escape.ts'
import type { ExposedName } from './exposed-name.ts'
import type { Format } from './format.ts'
import { canonicalText, numberText } from './number-text.ts'

type Series = CounterSeries | GaugeSeries | HistogramSeries | SummarySeries

/** What the lines of one series begin with. */
interface Head {
  /** Of a counter or a gauge all before the value; of a histogram or a summary all before that of its own label. */
  readonly sample: string
  /** All before the value; empty for a counter and a gauge. */
  readonly sum: string
  readonly count: string
}

/** The heads of a list of series, in its order. */
interface Heads {
  readonly of: readonly Series[]
  readonly heads: readonly Head[]
}

const none: Heads = { of: [], heads: [] }

/** Writes the series of one metric. */
export class FamilyText {
  readonly name: ExposedName
  readonly #metric: MetricOutline
  readonly #heads: Record<Format, Heads> = { text: none, openmetrics: none }

  constructor(metric: MetricOutline, name: ExposedName) {
    this.#metric = metric
    this.name = name
  }

  /** All lines of the metric; none where it has no series. */
  write(family: MetricFamily, format: Format): string {
    if (family.series.length === 0) {
      this.#heads[format] = none
      return ''
    }
    const heads = this.#headsOf(family.series, format)
    const metadata = metadataText(this.name, this.#metric.kind, this.#metric.spec.help, format)
    switch (family.kind) {
      case 'counter':
        return metadata + counterLines(family.series, heads, format)
      case 'gauge':
        return metadata + gaugeLines(family.series, heads)
      case 'histogram':
        return metadata + histogramLines(family.series, heads, format)
      case 'summary':
        return metadata + summaryLines(family.series, heads, format)
    }
  }

  /** A list that has not changed is the same one; of one that has, what is still in it keeps its head. */
  #headsOf(series: readonly Series[], format: Format): readonly Head[] {
    const known = this.#heads[format]
    if (known.of === series) return known.heads
    const kept = new Map(known.of.map((each, index) => [each, known.heads[index]]))
    const heads = series.map((each) => kept.get(each) ?? this.#head(each, format))
    this.#heads[format] = { of: series, heads }
    return heads
  }

  #head({ values }: Series, format: Format): Head {
    const { labels } = this.name
    const pairs = values.map((value, index) => `${labels[index]}="${escapeLabel(value)}"`).join(',')
    const name = format === 'text' ? this.name.text : this.name.openMetrics
    const braced = pairs && `{${pairs}}`
    const open = `{${pairs && `${pairs},`}`
    switch (this.#metric.kind) {
      case 'counter':
        return { sample: `${name}${format === 'text' ? '' : '_total'}${braced} `, sum: '', count: '' }
      case 'gauge':
        return { sample: `${name}${braced} `, sum: '', count: '' }
      case 'histogram':
        return { sample: `${name}_bucket${open}le="`, sum: `${name}_sum${braced} `, count: `${name}_count${braced} ` }
      case 'summary':
        return { sample: `${name}${open}quantile="`, sum: `${name}_sum${braced} `, count: `${name}_count${braced} ` }
    }
  }
}

/** What goes before the samples of a metric. */
export function metadataText(
  { text, openMetrics, unit }: Pick<ExposedName, 'text' | 'openMetrics' | 'unit'>,
  kind: string,
  help: string,
  format: Format,
): string {
  const name = format === 'text' ? text : openMetrics
  const typeLine = `# TYPE ${name} ${kind}\n`
  const helpLine = help === '' ? '' : `# HELP ${name} ${escapeHelp(help, format)}\n`
  // Each specification has its own order.
  if (format === 'text') return helpLine + typeLine
  return typeLine + (unit === '' ? '' : `# UNIT ${name} ${unit}\n`) + helpLine
}

/** A number in a label of ours. */
export function labelNumber(value: number, format: Format): string {
  return format === 'text' ? numberText(value) : canonicalText(value)
}

function counterLines(series: readonly CounterSeries[], heads: readonly Head[], format: Format): string {
  let lines = ''
  for (const [index, { sample }] of heads.entries()) {
    const { value, exemplar } = series[index] as CounterSeries
    lines += `${sample}${numberText(value)}${format === 'text' ? '' : exemplarText(exemplar)}\n`
  }
  return lines
}

function gaugeLines(series: readonly GaugeSeries[], heads: readonly Head[]): string {
  let lines = ''
  for (const [index, { sample }] of heads.entries()) {
    lines += `${sample}${numberText((series[index] as GaugeSeries).value)}\n`
  }
  return lines
}

function histogramLines(series: readonly HistogramSeries[], heads: readonly Head[], format: Format): string {
  // All series of a metric have the same bounds.
  const bounds = series[0]?.bounds ?? new Float64Array()
  const bucketEnds = Array.from([...bounds, Infinity], (bound) => `${labelNumber(bound, format)}"} `)
  // Below zero a sum may go down, and OpenMetrics then forbids it, and the count with it.
  const hasSum = format === 'text' || !((bounds[0] ?? 0) < 0)
  let lines = ''
  for (const [index, { sample, sum, count }] of heads.entries()) {
    const one = series[index] as HistogramSeries
    let below = 0
    for (const [bucket, end] of bucketEnds.entries()) {
      below += one.counts[bucket] as number
      lines += `${sample}${end}${below}${format === 'text' ? '' : exemplarText(one.exemplar(bucket))}\n`
    }
    if (hasSum) lines += `${sum}${numberText(one.sum)}\n${count}${below}\n`
  }
  return lines
}

function summaryLines(series: readonly SummarySeries[], heads: readonly Head[], format: Format): string {
  const ends = series[0]?.shape.quantiles.map((quantile) => `${labelNumber(quantile, format)}"} `) ?? []
  let lines = ''
  for (const [index, { sample, sum, count }] of heads.entries()) {
    const one = series[index] as SummarySeries
    for (const [at, value] of one.quantiles().entries()) lines += `${sample}${ends[at]}${numberText(value)}\n`
    lines += `${sum}${numberText(one.sum)}\n${count}${one.count}\n`
  }
  return lines
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return ''
  const { traceId, spanId, value, at } = exemplar
  return ` # {trace_id="${escapeLabel(traceId)}",span_id="${escapeLabel(spanId)}"} ${numberText(value)} ${at / 1000}`
}
