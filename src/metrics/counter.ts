// Counter: what only goes up, like calls, errors and bytes. Values of several hosts may be added.
import type { Context } from '../core/context.ts'
import { type Exemplar, Looks, type Turn } from './exemplar.ts'

/** Counts what only goes up. */
export interface Counter {
  /** Adds `amount`, 1 unless it is given. The trace of `ctx` may become its exemplar. What is negative or not finite is not counted. */
  add(amount?: number, ctx?: Context): void
}

/** One series of a counter in memory. */
export class CounterSeries implements Counter {
  readonly values: readonly string[]
  readonly #turn: Turn
  #value = 0
  #exemplar: Exemplar | undefined
  #exemplarTurn = -1
  #looks: Looks | undefined

  constructor(values: readonly string[], turn: Turn) {
    this.values = values
    this.#turn = turn
  }

  get value(): number {
    return this.#value
  }

  get exemplar(): Exemplar | undefined {
    return this.#exemplar
  }

  add(amount = 1, ctx?: Context): void {
    // Written so that NaN, for which every comparison is false, is left out. Infinity would stay for ever.
    if (!(amount >= 0 && amount < Infinity)) return
    // A text, which programs without types may give, would be put behind the digits.
    this.#value += Number(amount)
    if (ctx === undefined || this.#exemplarTurn === this.#turn.count) return
    this.#looks ??= new Looks(this.#turn)
    const exemplar = this.#looks.at(ctx, amount)
    if (exemplar === undefined) return
    this.#exemplar = exemplar
    this.#exemplarTurn = this.#turn.count
  }
}
