// Remembers what was made of texts that come again and again, such as the keys and messages of logs, within bounds.

// Such texts come from programs, and are short and few. Should they come from strangers, this bounds what is kept of them.
const mostTexts = 2_000
const longestChars = 200

/** Makes something of a text, once for each text as long as they are few. */
export class Remembered<T extends {}> {
  readonly #make: (text: string) => T
  readonly #known = new Map<string, T>()

  constructor(make: (text: string) => T) {
    this.#make = make
  }

  /** What is made of the text, now or before. */
  of(text: string): T {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const made = this.#make(text)
    if (text.length <= longestChars && this.#known.size < mostTexts) this.#known.set(text, made)
    return made
  }
}
