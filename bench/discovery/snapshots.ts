// What a registry says of a large fleet: the whole set each time, of which a hundredth has changed, or nothing.
import type { Instance, InstanceSource } from 'servicekit/discovery/instancer'

export const instances = 10_000
/** How many are replaced from one set to the next. */
export const replaced = 100

/** Gives sets as an adapter does: of new objects each time, since they come out of a reply that was parsed. */
export class Fleet {
  #next = instances
  /** By the numbers that ids are made of. */
  readonly #numbers = Array.from({ length: instances }, (_, at) => at)

  /** Others take the place of some, spread over the set. */
  change(): void {
    const step = instances / replaced
    const first = this.#next % step
    for (let at = first; at < instances; at += step) this.#numbers[at] = this.#next++
  }

  /** All of them, as they are now. */
  snapshot(): readonly Instance[] {
    return this.#numbers.map((number) => ({
      id: `shop-${number.toString(36).padStart(6, '0')}`,
      address: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}:8080`,
      weight: 1 + (number % 3),
      zone: `zone-${number % 3}`,
      metadata: { version: '1.4.2', rack: `r${number % 97}` },
    }))
  }
}

/** A source that yields what it is told to. */
export class ToldSource {
  #told = Promise.withResolvers<readonly Instance[]>()

  readonly source: InstanceSource = (signal) => this.#follow(signal)

  /** The set leaves the source as soon as the caller lets go. */
  say(snapshot: readonly Instance[]): void {
    this.#told.resolve(snapshot)
  }

  async *#follow(signal: AbortSignal): AsyncGenerator<readonly Instance[]> {
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    for (;;) {
      const snapshot = await Promise.race([this.#told.promise, stopped])
      if (snapshot === undefined) return
      this.#told = Promise.withResolvers()
      yield snapshot
    }
  }
}
