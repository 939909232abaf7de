// Bound fields as a logger keeps them: safe already, but for functions, which are called for each record.
import { guarded, keysOf } from './guarded.ts'
import { BoundFields } from './log-record.ts'
import { type LogFields, logLimits } from './log-value.ts'
import type { Redactor } from './redact.ts'
import { asFields, type Fields, plainChars, walkedFields } from './safe-fields.ts'
import { ValueWalk } from './value-walk.ts'

/** What was bound so far. */
export class Bindings {
  readonly #node: BoundFields | undefined
  /** Functions by their keys. They come last, so that all the rest is the same for each record, and rendered once. */
  readonly #functions: Fields | undefined
  readonly #roomChars: number

  private constructor(node: BoundFields | undefined, functions: Fields | undefined, roomChars: number) {
    this.#node = node
    this.#functions = functions
    this.#roomChars = roomChars
  }

  /** Nothing yet. */
  static none(): Bindings {
    return new Bindings(undefined, undefined, logLimits.recordChars)
  }

  /** Adds fields, as far as there is room for them. What their owner does to them later changes nothing. */
  with(fields: Fields, redactor: Redactor | undefined): Bindings {
    const own = copied(fields)
    const chars = plainChars(own, redactor)
    if (chars === 0) return this
    const roomChars = this.#roomChars - logLimits.bindingChars
    if (chars > roomChars || chars < 0 || isAmong(own, this.#functions)) return this.#withWalked(own, redactor)
    return new Bindings(new BoundFields(this.#node, own as LogFields), this.#functions, roomChars - chars)
  }

  /** What is the same for each record. */
  get node(): BoundFields | undefined {
    return this.#node
  }

  /** The nodes of one record. */
  of(redactor: Redactor | undefined): BoundFields | undefined {
    if (this.#functions === undefined) return this.#node
    return new BoundFields(this.#node, walkedFields(this.#functions, new ValueWalk(redactor, this.#roomChars)))
  }

  #withWalked(own: Fields, redactor: Redactor | undefined): Bindings {
    if (this.#roomChars <= 0) return this.#full()
    const values: Record<string, unknown> = Object.create(null)
    const functions: Record<string, unknown> = Object.assign(Object.create(null), this.#functions)
    let roomChars = this.#roomChars - logLimits.bindingChars
    let isFull = false
    for (const [key, value] of Object.entries(own)) {
      // What is bound later stands in the place of what was bound before, and a function would come after it.
      delete functions[key]
      if (typeof value !== 'function') {
        values[key] = value
      } else if (roomChars > 0) {
        functions[key] = value
        roomChars -= key.length + logLimits.valueChars
      } else {
        isFull = true
      }
    }
    const walk = new ValueWalk(redactor, roomChars)
    const node = hasKeys(values) ? new BoundFields(this.#node, walkedFields(values, walk)) : this.#node
    const bound = new Bindings(node, hasKeys(functions) ? functions : undefined, walk.left)
    return isFull ? bound.#full() : bound
  }

  /** Says once that there is more. A program that binds again and again, to what it bound before, must not fill the memory. */
  #full(): Bindings {
    if (this.#roomChars === -Infinity) return this
    return new Bindings(new BoundFields(this.#node, { '…': 'more' }), this.#functions, -Infinity)
  }
}

function copied(given: Fields): Fields {
  const fields = asFields(given ?? {})
  try {
    return { ...fields }
  } catch {
    return Object.fromEntries(keysOf(fields).map((key) => [key, guarded(() => fields[key])]))
  }
}

function isAmong(fields: Fields, functions: Fields | undefined): boolean {
  return functions !== undefined && Object.keys(fields).some((key) => Object.hasOwn(functions, key))
}

function hasKeys(fields: Fields): boolean {
  for (const _ in fields) return true
  return false
}
