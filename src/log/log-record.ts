// What is logged: a record, with the chain of fields that were bound before it was.
import type { Level } from './level.ts'
import { addMember, type LogFields, type LogValue } from './log-value.ts'

/** One thing that happened. Its values are safe to print: bounded, without cycles, getters, functions and secrets. */
export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: Level
  /** Empty where only the fields say what happened. */
  readonly message: string
  /** What was bound before; the nearest node first. */
  readonly bound: BoundFields | undefined
  /** May be the very object that the program logged: who keeps a record keeps a copy of them. */
  readonly fields: LogFields | undefined
}

/** What is known of a record before it is made; `bound` may lack what its context would add. */
export type RecordOutline = Omit<LogRecord, 'fields'>

/** Fields that many records share. A sink renders them once and keeps what it made of them in the node. */
export class BoundFields {
  readonly parent: BoundFields | undefined
  readonly fields: LogFields
  // Nearly always one sink renders a node, and then no map is needed.
  #renderer: object | undefined
  #rendered: unknown
  #others: Map<object, unknown> | undefined

  constructor(parent: BoundFields | undefined, fields: LogFields) {
    this.parent = parent
    this.fields = fields
  }

  /** What `render` makes of this node, which may ask its parent the same; called once for each renderer. */
  rendered<T extends {}>(renderer: object, render: (bound: BoundFields) => T): T {
    if (this.#renderer === renderer) return this.#rendered as T
    const known = this.#others?.get(renderer)
    if (known !== undefined) return known as T
    const made = render(this)
    if (this.#renderer === undefined) {
      this.#renderer = renderer
      this.#rendered = made
    } else {
      this.#others ??= new Map()
      this.#others.set(renderer, made)
    }
    return made
  }
}

/** All fields of a record as one object: what is nearer to the record replaces what is further away, in the place of that; `undefined` is nothing. */
export function allFields(record: LogRecord): LogFields {
  const all: Record<string, LogValue> = {}
  for (const fields of [...chainOf(record.bound).map((bound) => bound.fields), record.fields ?? {}]) {
    for (const [key, value] of Object.entries(fields)) if (value !== undefined) addMember(all, key, value)
  }
  return all
}

/** The nodes of a chain, the oldest first. */
export function chainOf(bound: BoundFields | undefined): readonly BoundFields[] {
  const chain: BoundFields[] = []
  for (let node = bound; node !== undefined; node = node.parent) chain.push(node)
  return chain.reverse()
}

/** The nearest node that two chains have in common: what is bound in both. */
export function sharedBound(one: BoundFields | undefined, other: BoundFields | undefined): BoundFields | undefined {
  if (one === other) return one
  const ancestors = new Set<BoundFields>()
  for (let node = one; node !== undefined; node = node.parent) ancestors.add(node)
  for (let node = other; node !== undefined; node = node.parent) if (ancestors.has(node)) return node
  return undefined
}
