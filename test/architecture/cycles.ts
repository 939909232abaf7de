// No file needs itself, by whatever way round: what goes in a circle can only be understood all at once.
import { type Source, type Violation, violation } from './sources.ts'

/** Reports each import that closes a circle, and prints the circle. Types count. */
export function cycles(sources: readonly Source[]): Violation[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const finished = new Set<Source>()
  const violations: Violation[] = []

  const visit = (source: Source, above: readonly Source[]): void => {
    if (finished.has(source)) return
    const way = [...above, source]
    for (const { target = '', offset } of source.imports) {
      const next = byPath.get(target)
      if (next === undefined) continue
      if (!way.includes(next)) {
        visit(next, way)
        continue
      }
      const circle = [...way.slice(way.indexOf(next)), next].map(({ path }) => path).join(' → ')
      violations.push(
        violation(source, `closes a circle: ${circle}. Move what they share into a file of its own`, offset),
      )
    }
    finished.add(source)
  }
  for (const source of sources) visit(source, [])
  return violations
}
