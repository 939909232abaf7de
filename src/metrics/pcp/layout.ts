// The layout of a file: which metrics, instances and values are in it, and by which numbers PCP knows them.
import type { MetricFamily } from '../registry.ts'
import { type Column, columnsOf, helpOf, numbersOf } from './columns.ts'
import { instanceName } from './instance-name.ts'
import { numbersFor } from './numbers-for.ts'
import { pcpName } from './pcp-name.ts'

/** One instance: a series, or a statistic of one. */
export interface Instance {
  readonly name: string
  /** Unique in its domain. */
  readonly number: number
}

/** Instances of one or several metrics. */
export interface Domain {
  /** Unique in the file. */
  readonly serial: number
  readonly instances: readonly Instance[]
}

/** A metric of PCP. */
export interface LaidMetric extends Pick<Column, 'type' | 'semantics' | 'units'> {
  readonly name: string
  readonly help: string
  /** Unique in the file. */
  readonly item: number
  /** An index; undefined for a metric that has but one value. */
  readonly domain: number | undefined
}

/** Whose value it is, as indices: that of the instance in the domain of the metric. */
export interface LaidValue {
  readonly metric: number
  readonly instance: number | undefined
}

/** All that the file says but for the numbers themselves. */
export interface Layout {
  readonly metrics: readonly LaidMetric[]
  readonly domains: readonly Domain[]
  readonly values: readonly LaidValue[]
  /** How many series there was no room for. */
  readonly leftOut: number
  /** The numbers of the values, in their order. */
  read(): readonly number[]
  readonly numbering: Numbering
}

/** Which names have which numbers: of metrics, and of instances by domain. */
export interface Numbering {
  readonly items: ReadonlyMap<string, number>
  readonly instances: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** How long names may be, and what numbers they had in the layout before. */
export interface LayoutOptions {
  readonly maxNameBytes: number
  readonly before?: Numbering | undefined
}

// What pmdammv takes: `MAX_MMV_COUNT`, and the ten bits of an item.
const mostValues = 10_000
const mostItems = 1_024
// They are signed, and -1 means none.
const mostInstances = 2 ** 31 - 1

/** Lays out all series that there are, those of the first metrics first, until pmdammv would take no more of them. */
export function layoutOf(families: readonly MetricFamily[], { maxNameBytes, before }: LayoutOptions): Layout {
  const used = families.filter(({ series }) => series.length > 0)
  const items = numbersFor(used.flatMap(namesOf), mostItems, before?.items)
  const draft = new Draft(maxNameBytes, items, before)
  for (const family of used) draft.add(family)
  return draft
}

class Draft implements Layout {
  readonly metrics: LaidMetric[] = []
  readonly domains: Domain[] = []
  readonly values: LaidValue[] = []
  leftOut = 0
  readonly numbering: Numbering & { readonly instances: Map<string, ReadonlyMap<string, number>> }
  readonly #maxNameBytes: number
  readonly #before: Numbering | undefined
  readonly #shown: MetricFamily['series'][number][] = []

  constructor(maxNameBytes: number, items: ReadonlyMap<string, number>, before: Numbering | undefined) {
    this.#maxNameBytes = maxNameBytes
    this.#before = before
    this.numbering = { items, instances: new Map() }
  }

  read(): readonly number[] {
    return this.#shown.flatMap((series) => numbersOf(series))
  }

  add(family: MetricFamily): void {
    const columns = columnsOf(family)
    const isNumbered = namesOf(family).every((name) => this.numbering.items.has(name))
    const room = isNumbered ? Math.floor((mostValues - this.values.length) / widthOf(columns)) : 0
    const shown = family.series.slice(0, room)
    this.leftOut += family.series.length - shown.length
    if (shown.length === 0) return
    const first = this.metrics.length
    for (const column of columns) this.#addMetric({ ...family, series: shown } as MetricFamily, column)
    for (const [row, series] of shown.entries()) {
      this.#shown.push(series)
      for (const [index, { statistics = [undefined] }] of columns.entries()) {
        const metric = first + index
        const isSingular = this.metrics[metric]?.domain === undefined
        for (const [at] of statistics.entries())
          this.values.push({ metric, instance: isSingular ? undefined : row * statistics.length + at })
      }
    }
  }

  #addMetric({ spec, series }: MetricFamily, column: Column): void {
    const { suffix, statistics, type, semantics, units } = column
    const name = pcpName(spec.name) + suffix
    const item = this.numbering.items.get(name) ?? 0
    const names = series.flatMap(({ values }) =>
      (statistics ?? [undefined]).map((one) => instanceName(spec.labels, values, one, this.#maxNameBytes)),
    )
    // Columns that differ in their names alone have the same instances.
    const key = `${spec.name}${statistics === undefined ? '' : suffix}`
    const domain = names[0] === '' ? undefined : this.#domain(key, item, names)
    this.metrics.push({ name, help: helpOf(spec), item, type, semantics, units, domain })
  }

  #domain(key: string, item: number, names: readonly string[]): number {
    const known = [...this.numbering.instances.keys()].indexOf(key)
    if (known !== -1) return known
    const numbers = numbersFor(names, mostInstances, this.#before?.instances.get(key))
    this.numbering.instances.set(key, numbers)
    // Zero is none.
    const instances = names.map((name) => ({ name, number: numbers.get(name) ?? 0 }))
    return this.domains.push({ serial: item + 1, instances }) - 1
  }
}

function namesOf(family: MetricFamily): string[] {
  return columnsOf(family).map(({ suffix }) => pcpName(family.spec.name) + suffix)
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { statistics = [''] }) => sum + statistics.length, 0)
}
