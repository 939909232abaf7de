// A metric with labels: it gives one instrument for each set of label values, and the same one for the same values.
import { Cardinality } from './cardinality.ts'
import type { CheckedSpec } from './metric-spec.ts'

/** What a label can be set to; it is written as text, of which the first 1,000 characters count. */
export type LabelValue = string | number | boolean

/** A metric with labels. */
export interface Labelled<Instrument, L extends string> {
  /**
   * The instrument of these label values. Keep it where the values are known beforehand: looking it up costs more than using it.
   * Throws a TypeError that names metric and label when a label is missing, is not one of the metric's, or is no text, number or boolean.
   */
  with(labels: Readonly<Record<L, LabelValue>>): Instrument
  /** Forgets the series of these label values; an instrument that is still held measures nothing that anybody sees. Says whether there was one. */
  delete(labels: Readonly<Record<L, LabelValue>>): boolean
}

/** A metric without labels is its instrument; one with labels gives an instrument for each set of values. */
export type Measured<Instrument, L extends string> = [L] extends [never] ? Instrument : Labelled<Instrument, L>

/** A level of the tree of label values; the last level holds instruments. */
type Level<Instrument> = Map<string, Level<Instrument> | Instrument>

/** The instruments of one metric, found by label values; `make` is called once for each set of them, `onDelete` for each that is forgotten. */
export class Family<Instrument> implements Labelled<Instrument, string> {
  readonly spec: CheckedSpec
  readonly #make: (values: readonly string[]) => Instrument
  readonly #onDelete: ((instrument: Instrument) => void) | undefined
  readonly #cardinality: Cardinality
  readonly #level: Level<Instrument> = new Map()
  /** In the order in which they were made; undefined until somebody asks again after a change. */
  #all: readonly Instrument[] | undefined

  constructor(
    spec: CheckedSpec,
    make: (values: readonly string[]) => Instrument,
    onOverflow: (metric: string) => void,
    onDelete?: (instrument: Instrument) => void,
  ) {
    this.spec = spec
    this.#make = make
    this.#onDelete = onDelete
    this.#cardinality = new Cardinality(spec, onOverflow)
  }

  /** How many series there are. */
  get size(): number {
    return this.#cardinality.size
  }

  /** All instruments, those made first coming first within each value of the labels before. The list is the same until a series comes or goes. */
  get all(): readonly Instrument[] {
    this.#all ??= [...leaves(this.#level, this.spec.labels.length)]
    return this.#all
  }

  with(labels: Readonly<Record<string, LabelValue>>): Instrument {
    const { labels: names } = this.spec
    if (names.length === 0) return this.#add(labels)
    let level: Level<Instrument> | Instrument | undefined = this.#level
    for (const name of names) {
      level = (level as Level<Instrument>).get(this.#text(labels, name))
      if (level === undefined) return this.#add(labels)
    }
    // All that there should be is there: what is strange can only be one more.
    if (countOf(labels) !== names.length) this.#refuseStrange(labels)
    return level as Instrument
  }

  delete(labels: Readonly<Record<string, LabelValue>>): boolean {
    const instrument = remove(this.#level, this.#values(labels))
    if (instrument === undefined) return false
    this.#all = undefined
    this.#cardinality.remove()
    this.#onDelete?.(instrument)
    return true
  }

  #add(labels: Readonly<Record<string, LabelValue>>): Instrument {
    const given = this.#values(labels)
    const values = this.#isThere(given) ? given : this.#cardinality.admit(given, (others) => this.#isThere(others))
    let level = this.#level
    for (const value of values.slice(0, -1)) {
      let next = level.get(value) as Level<Instrument> | undefined
      if (next === undefined) {
        next = new Map()
        level.set(value, next)
      }
      level = next
    }
    const last = values.at(-1) ?? ''
    let instrument = level.get(last) as Instrument | undefined
    if (instrument === undefined) {
      instrument = this.#make(values)
      level.set(last, instrument)
      this.#all = undefined
      this.#cardinality.add()
    }
    return instrument
  }

  #isThere(values: readonly string[]): boolean {
    let level: Level<Instrument> | Instrument | undefined = this.#level
    for (const value of values) level = (level as Level<Instrument> | undefined)?.get(value)
    return level !== undefined
  }

  #values(labels: Readonly<Record<string, LabelValue>>): string[] {
    this.#refuseStrange(labels)
    return this.spec.labels.map((name) => labelText(this.#text(labels, name)))
  }

  #refuseStrange(labels: Readonly<Record<string, LabelValue>>): void {
    const { name: metric, labels: names } = this.spec
    for (const name of Object.keys(labels)) {
      if (!names.includes(name))
        throw new TypeError(`metric ${metric} has no label ${name}: it has ${names.join(', ')}`)
    }
  }

  #text(labels: Readonly<Record<string, LabelValue>>, name: string): string {
    const value = labels[name]
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    this.#refuseStrange(labels)
    throw new TypeError(
      `metric ${this.spec.name}: label ${name} must be a text, a number or a boolean, but is ${value === null ? 'null' : typeof value}`,
    )
  }
}

// Values come from strangers, and each is kept for as long as the program runs.
const mostChars = 1_000

/** A value as it is kept. On no wire could two halves of pairs (Cs) be told apart: they would be two series of one name. */
function labelText(value: string): string {
  return (value.length > mostChars ? value.slice(0, mostChars) : value).toWellFormed()
}

/** In a loop, because a list of the keys would cost more than the whole look-up. */
function countOf(labels: Readonly<Record<string, LabelValue>>): number {
  let count = 0
  for (const _ in labels) count++
  return count
}

function* leaves<Instrument>(level: Level<Instrument>, depth: number): Generator<Instrument> {
  for (const next of level.values()) {
    if (depth <= 1) yield next as Instrument
    else yield* leaves(next as Level<Instrument>, depth - 1)
  }
}

/** Gives what was there. Levels that have become empty go too, so that values which come and go leave nothing behind. */
function remove<Instrument>(
  level: Level<Instrument>,
  [value = '', ...rest]: readonly string[],
): Instrument | undefined {
  const next = level.get(value)
  if (next === undefined) return undefined
  const removed = rest.length === 0 ? (next as Instrument) : remove(next as Level<Instrument>, rest)
  if (removed !== undefined && (rest.length === 0 || (next as Level<Instrument>).size === 0)) level.delete(value)
  return removed
}
