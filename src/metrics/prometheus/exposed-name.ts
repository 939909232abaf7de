// The names under which a metric is shown: as it says itself, or translated when it has OpenTelemetry's form.
import type { CheckedSpec } from '../metric-spec.ts'
import type { MetricOutline } from '../registry.ts'

/** How a metric and its labels are called on the page. */
export interface ExposedName {
  /** In the text format, of the metric and of its samples but for their suffixes. */
  readonly text: string
  /** In OpenMetrics, of the metric: a counter's ends before `_total`, which its samples have. */
  readonly openMetrics: string
  /** The unit, where the name ends in it as OpenMetrics wants it; otherwise empty. */
  readonly unit: string
  /** In the order of the spec. */
  readonly labels: readonly string[]
}

/** Labels that samples have beside those of their series. */
const ownLabels: Readonly<Partial<Record<string, string>>> = { histogram: 'le', summary: 'quantile' }

/**
 * Translates by OpenTelemetry's specification "Prometheus and OpenMetrics Compatibility": a name with dots gets underscores, its
 * unit as a suffix, and `_total` when it counts; one without dots stays as it is. Throws a TypeError that names the metric when
 * a label is reserved, or when two are one after translation.
 */
export function exposedName({ kind, spec }: MetricOutline): ExposedName {
  const { name, unit } = spec
  const text = name.includes('.') ? translated(spec, kind === 'counter') : name
  const openMetrics = kind === 'counter' ? text.replace(/_total$/, '') : text
  if (openMetrics === '') throw new TypeError(`metric ${name}: a counter must have a name before _total`)
  return { text, openMetrics, unit: endsIn(openMetrics, unit) ? unit : '', labels: labelsOf(kind, spec) }
}

function translated({ name, unit }: CheckedSpec, counts: boolean): string {
  const plain = underscored(name)
  const base = counts ? plain.replace(/_total$/, '') : plain
  const withUnit = unit === '' || endsIn(base, unit) ? base : `${base}_${unit}`
  return counts ? `${withUnit}_total` : withUnit
}

/** One underscore for each dot, and none beside another. */
function underscored(name: string): string {
  return name.includes('.') ? name.replaceAll('.', '_').replaceAll(/__+/g, '_') : name
}

function endsIn(name: string, unit: string): boolean {
  return unit !== '' && (name === unit || name.endsWith(`_${unit}`))
}

function labelsOf(kind: string, { name, labels }: CheckedSpec): string[] {
  const exposed = labels.map(underscored)
  for (const [index, label] of exposed.entries()) {
    const said = labels[index]
    if (label.startsWith('__') || label === ownLabels[kind])
      throw new TypeError(
        `metric ${name}: label ${said} is reserved in a ${kind} by Prometheus, which calls it ${label}`,
      )
    const other = exposed.indexOf(label)
    if (other !== index)
      throw new TypeError(`metric ${name}: labels ${labels[other]} and ${said} are both ${label} for Prometheus`)
  }
  return exposed
}
