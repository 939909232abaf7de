// Leaving: what is being taken back, so that the same is not announced again before that is over.

/** Registrations by service and id that are being closed. */
export class Leaving {
  readonly #ends = new Map<string, Promise<void>>()

  /** One is being closed until this has settled. */
  begin(service: string, id: string, closing: Promise<void>): void {
    const key = keyOf(service, id)
    const end = () => {
      if (this.#ends.get(key) === over) this.#ends.delete(key)
    }
    const over = closing.then(end, end)
    this.#ends.set(key, over)
  }

  /** Resolves when the last one that began to be closed is; undefined where none is being closed. */
  end(service: string, id: string): Promise<void> | undefined {
    return this.#ends.get(keyOf(service, id))
  }
}

const keyOf = (service: string, id: string): string => JSON.stringify([service, id])
