// Numbers for names: PCP knows metrics and instances by numbers, and its archives want those to stay the same.
import { murmur3 } from '../../primitives/murmur3.ts'

/**
 * Gives each name a number below `limit`: the one that it had, or else its hash, or the next free one. So that a program has the same
 * numbers when it runs again, unless two names fall together. Names for which there is no number are left out.
 */
export function numbersFor(
  names: Iterable<string>,
  limit: number,
  before: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const numbers = new Map<string, number>()
  const taken = new Set<number>()
  const fresh: string[] = []
  for (const name of new Set(names)) {
    const number = before.get(name)
    if (number === undefined) fresh.push(name)
    else {
      numbers.set(name, number)
      taken.add(number)
    }
  }
  for (const name of fresh) {
    if (taken.size >= limit) break
    let number = murmur3(name) % limit
    while (taken.has(number)) number = (number + 1) % limit
    numbers.set(name, number)
    taken.add(number)
  }
  return numbers
}
