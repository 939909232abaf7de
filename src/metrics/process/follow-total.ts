// Counters of what the runtime counts itself, like seconds of CPU: they can only be added to, it tells only totals.
import type { Counter } from '../counter.ts'

/** The total that each counter has got so far, from whomever: two who follow the same one count nothing twice. */
const totals = new WeakMap<Counter, number>()

/** Gives a function that brings the counter up to a total, from 0 when it is first told. A total below the one before adds nothing. */
export function followTotal(counter: Counter): (total: number) => void {
  return (total) => {
    const before = totals.get(counter) ?? 0
    // Written so that NaN, for which every comparison is false, is left out.
    if (!(total > before)) return
    totals.set(counter, total)
    counter.add(total - before)
  }
}
