// Metrics of other registries, read as values and written by us: so they are on our page in the format that was asked for.
import { tell } from '../../core/tell.ts'
import type { ClientExemplar, ClientFamily, ClientRegister, ClientSample } from './client-register.ts'
import { escapeLabel } from './escape.ts'
import { labelNumber, metadataText } from './family-text.ts'
import { contentTypes, type Format } from './format.ts'
import { type NameClaims, namesOf } from './name-claims.ts'
import { numberText } from './number-text.ts'
import type { Wanted } from './scrape-handler.ts'

/** Metrics of an included registry are not on the page. */
export interface IncludeFailed {
  /** The metric that is left out; undefined when it is the whole registry. */
  readonly metric?: string | undefined
  readonly error: unknown
}

type Kind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** A metric of another registry, by the names that we show it under. */
interface Included {
  readonly kind: Kind
  readonly name: { readonly text: string; readonly openMetrics: string; readonly unit: string }
  readonly family: ClientFamily
}

/** Reads the registers each time. */
export class IncludedRegisters {
  readonly #registers: readonly ClientRegister[]
  readonly #ours: NameClaims
  readonly #onFailed: (event: IncludeFailed) => void

  /** Throws a TypeError for what is no registry. */
  constructor(
    registers: readonly ClientRegister[],
    ours: NameClaims,
    onFailed: (event: IncludeFailed) => void = warnOnce(),
  ) {
    if (registers.some((register) => typeof register?.getMetricsAsJSON !== 'function'))
      throw new TypeError('include takes registries of prom-client or @prometheus-io/client')
    this.#registers = [...registers]
    this.#ours = ours
    this.#onFailed = onFailed
  }

  /** All lines of all that could be read. Never rejects. */
  async text(format: Format, wanted: Wanted): Promise<string> {
    const all = await Promise.all(this.#registers.map((register) => this.#read(register)))
    const taken = new Set<string>()
    let page = ''
    for (const each of all.flat()) page += this.#write(each, format, wanted, taken)
    return page
  }

  async #read(register: ClientRegister): Promise<Included[]> {
    try {
      const families = await register.getMetricsAsJSON()
      // Such a registry writes every counter with `_total`, and forgets that its name had it.
      const isOpenMetrics = register.contentType === contentTypes.openmetrics
      return families.map((family) => included(family, isOpenMetrics))
    } catch (error) {
      tell(this.#onFailed, { error })
      return []
    }
  }

  #write(each: Included, format: Format, wanted: Wanted, taken: Set<string>): string {
    try {
      const names = namesOf(each.kind, each.name)
      this.#take(each, names, taken)
      return wanted === undefined || names.some((name) => wanted.has(name)) ? familyText(each, format) : ''
    } catch (error) {
      tell(this.#onFailed, { metric: each.family.name, error })
      return ''
    }
  }

  #take({ kind, name, family }: Included, names: readonly string[], taken: Set<string>): void {
    const owner = this.#ours.ownerOf(kind, name)
    if (owner !== undefined || names.some((each) => taken.has(each))) {
      const other = owner === undefined ? 'one of an included registry' : `metric ${owner}`
      throw new TypeError(`included metric ${family.name} is not shown: Prometheus could not tell it from ${other}`)
    }
    for (const each of names) taken.add(each)
  }
}

function included(family: ClientFamily, isOpenMetrics: boolean): Included {
  const kind = family.type as Kind
  const openMetrics = kind === 'counter' ? family.name.replace(/_total$/, '') : family.name
  const text = kind === 'counter' && isOpenMetrics ? `${openMetrics}_total` : family.name
  return { kind, name: { text, openMetrics, unit: '' }, family }
}

function familyText({ kind, name, family }: Included, format: Format): string {
  if (family.values.length === 0) return ''
  const own = format === 'text' ? name.text : `${name.openMetrics}${kind === 'counter' ? '_total' : ''}`
  return (
    metadataText(name, kind, family.help, format) +
    (family.values as readonly ClientSample[])
      .map(
        ({ metricName = own, labels = {}, value, exemplar }) =>
          `${kind === 'counter' ? own : metricName}${labelsText(labels, format)} ${numberText(value)}${exemplarText(exemplar, format)}\n`,
      )
      .join('')
  )
}

function labelsText(labels: ClientSample['labels'], format: Format): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const isOwn = name === 'le' || name === 'quantile'
    const text = isOwn && typeof value === 'number' ? labelNumber(value, format) : escapeLabel(String(value))
    return `${name}="${text}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function exemplarText(exemplar: ClientExemplar | null | undefined, format: Format): string {
  if (format === 'text' || !exemplar) return ''
  const { labelSet, value, timestamp } = exemplar
  const labels = labelsText(labelSet, format) || '{}'
  return ` # ${labels} ${numberText(value)} ${timestamp}`
}

/** A scrape comes every few seconds; what is wrong with it stays wrong. */
function warnOnce(): (event: IncludeFailed) => void {
  const said = new Set<string>()
  return ({ error }) => {
    const text = error instanceof Error ? error.message : String(error)
    if (said.has(text) || said.size >= 100) return
    said.add(text)
    console.warn(`servicekit: ${text}`)
  }
}
