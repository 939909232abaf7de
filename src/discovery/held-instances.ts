// HeldInstances: those that a registry named before it failed and does not name since: it may have lost its memory, and they may still be there.
import { type Instance, inOrder } from './instance.ts'

/** Keeps instances beside what a registry says, until it names them again or they are let go of. */
export class HeldInstances {
  #held: readonly Instance[] = []

  /** Whether anybody is held. */
  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  /** From now on holds what was known, for as long as the registry does not name it. */
  hold(known: readonly Instance[]): void {
    this.#held = known
  }

  /** Lets go of all. */
  release(): void {
    this.#held = []
  }

  /** What the registry names and, beside that, those who are held. Whoever it names is held no longer, whether by id or by what is at its address now. */
  with(named: readonly Instance[]): readonly Instance[] {
    if (this.isEmpty) return named
    const ids = new Set(named.map(({ id }) => id))
    const addresses = new Set(named.map(({ address }) => address))
    this.#held = this.#held.filter(({ id, address }) => !ids.has(id) && !addresses.has(address))
    return this.isEmpty ? named : inOrder([...named, ...this.#held])
  }
}
