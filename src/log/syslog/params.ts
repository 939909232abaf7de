// Fields as parameters of structured data: what was bound is rendered once.
import { flat } from '../../primitives/flat.ts'
import { Remembered } from '../../primitives/remembered.ts'
import type { BoundFields, LogRecord } from '../log-record.ts'
import { type LogFields, textOf } from '../log-value.ts'
import { paramName, paramValue } from './text.ts'

/** Renders ` items="3" customer="o'brien"`, in the order in which fields were bound and logged; empty where there are none. */
export class Params {
  readonly #names = new Remembered((key) => ` ${paramName(key)}="`)
  readonly #render = (bound: BoundFields): string =>
    flat((bound.parent?.rendered(this, this.#render) ?? '') + this.#texts(bound.fields))

  /** Those of a record. */
  of({ bound, fields }: LogRecord): string {
    const before = bound === undefined ? '' : bound.rendered(this, this.#render)
    return fields === undefined ? before : before + this.#texts(fields)
  }

  #texts(fields: LogFields): string {
    let texts = ''
    for (const key in fields) {
      const value = fields[key]
      if (value !== undefined) texts += `${this.#names.of(key)}${paramValue(textOf(value))}"`
    }
    return texts
  }
}
