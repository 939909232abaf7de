// The headers of a reply as undici has read them, with nothing copied.
import type { Metadata } from '../core/metadata.ts'

/** Headers by lower-case name; one that was sent more than once has a list. */
export type HeaderRecord = Readonly<Record<string, string | string[] | undefined>>

/** A view of them. `get` joins what was sent more than once with commas (RFC 9110, 5.2); iterating keeps it apart. */
export class ReplyHeaders implements Metadata {
  readonly #record: HeaderRecord

  constructor(record: HeaderRecord) {
    this.#record = record
  }

  get(name: string): string | undefined {
    const value = this.#record[name]
    if (typeof value === 'string') return value
    // The record has a prototype, and its members are no headers.
    return Array.isArray(value) ? value.join(', ') : undefined
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (const [name, value] of Object.entries(this.#record)) {
      if (typeof value === 'string') yield [name, value]
      else for (const one of value ?? []) yield [name, one]
    }
  }
}
