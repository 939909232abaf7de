// Which instances a call has been sent to: so that a repetition, or a hedge, goes to another one while there is one.
import { type ContextKey, contextKey } from './context-key.ts'

/** The instances of one call, shared by all its attempts. Whoever picks an instance looks here, and adds what it picked. */
export class TriedInstances {
  readonly #ids: string[] = []

  /** Whether an attempt went there already. */
  has(id: string): boolean {
    return this.#ids.includes(id)
  }

  add(id: string): void {
    if (!this.has(id)) this.#ids.push(id)
  }

  /** In the order in which they were tried. */
  get ids(): readonly string[] {
    return this.#ids
  }
}

/** What the call that is being made has tried; undefined where nobody picks. It is bound outside of what repeats calls, and read inside. */
export const triedInstances: ContextKey<TriedInstances | undefined> = contextKey('tried-instances', {
  scope: 'hop',
  fallback: undefined,
})
