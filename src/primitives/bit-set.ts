// A set of small whole numbers that finds its lowest member without looking at the others.

/** Holds whole numbers from 0 to `size` - 1, in 32-bit words. Checks nothing: its one user knows its own bounds. */
export class BitSet {
  readonly #words: Int32Array

  constructor(size: number) {
    this.#words = new Int32Array(Math.ceil(size / 32))
  }

  add(member: number): void {
    // Shift counts are taken modulo 32, which is the place inside the word.
    this.#words[member >>> 5] = this.#word(member >>> 5) | (1 << member)
  }

  delete(member: number): void {
    this.#words[member >>> 5] = this.#word(member >>> 5) & ~(1 << member)
  }

  /** Returns the lowest member, -1 when the set is empty. */
  lowest(): number {
    for (let i = 0; i < this.#words.length; i++) {
      const word = this.#word(i)
      // In two's complement, a number and its negative share exactly their lowest bit and nothing below it.
      if (word !== 0) return (i << 5) | (31 - Math.clz32(word & -word))
    }
    return -1
  }

  #word(index: number): number {
    return this.#words[index] ?? 0
  }
}
