// ServiceEntries: the keys of a service as instances, and which of them are none.
import { errorOf } from '../../core/error-of.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Instance } from '../instance.ts'
import type { LeftOutEvent } from '../left-out-event.ts'
import { instanceIn } from './instance-text.ts'
import type { KeyValue, WatchEvent } from './key-value.ts'
import { textOf } from './keys.ts'

/** An instance by the key that it is at, in base64. */
export type Entry = readonly [string, readonly Instance[]]

/** What is left of it: undefined where nothing is at a key, or nothing that can be read. */
export type Change = readonly [string, readonly Instance[] | undefined]

/** Leaves out what cannot be read, unless there is nothing else: one that was registered badly must not hide the rest. */
export class ServiceEntries {
  readonly #prefix: string
  readonly #name: string
  readonly #onLeftOut: (event: LeftOutEvent) => void
  readonly #readable = new Set<string>()

  constructor(prefix: string, name: string, onLeftOut: (event: LeftOutEvent) => void) {
    this.#prefix = prefix
    this.#name = name
    this.#onLeftOut = onLeftOut
  }

  /** All that there is. Throws an `internal` ServiceError when nothing of it can be read. */
  list(all: readonly KeyValue[]): readonly Entry[] {
    this.#readable.clear()
    return this.change(all.map((kv) => ({ kv }))).filter((change): change is Entry => change[1] !== undefined)
  }

  /** What follows from events. Throws an `internal` ServiceError when nothing that can be read is left beside what cannot be. */
  change(events: readonly WatchEvent[]): readonly Change[] {
    const flaws: Error[] = []
    const changes = events.map(
      ({ type, kv }): Change => [kv.key, type === 'DELETE' ? undefined : this.#read(kv, flaws)],
    )
    for (const [key, instances] of changes) {
      if (instances === undefined) this.#readable.delete(key)
      else this.#readable.add(key)
    }
    if (flaws[0] !== undefined && this.#readable.size === 0)
      throw new ServiceError('internal', `${this.#name}: no value is an instance: ${flaws[0].message}`)
    return changes
  }

  #read({ key, value = '' }: KeyValue, flaws: Error[]): readonly Instance[] | undefined {
    const path = textOf(key)
    try {
      return [instanceIn(textOf(value), path.slice(this.#prefix.length))]
    } catch (thrown) {
      const error = errorOf(thrown)
      flaws.push(error)
      this.#onLeftOut({ name: this.#name, entry: path, error })
      return undefined
    }
  }
}
