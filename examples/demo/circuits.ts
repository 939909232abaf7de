// What the live line says of circuits: one that opened stays there long enough to be read, even when the registry has its instance out at once.
import type { Report } from './messages.ts'

const readableMs = 2_000

/** A part for each circuit that is not closed, or that opened in the last two seconds; one part where there is none. */
export function circuitsIn({ at, instances }: Report): string[] {
  const parts = instances.flatMap(({ id, circuit, leftAt, openedAt }) => {
    if (circuit !== 'closed' && leftAt === undefined) return [`circuit of ${id} ${circuit.replace('_', ' ')}`]
    return openedAt !== undefined && at - openedAt < readableMs ? [`circuit of ${id} opened`] : []
  })
  return parts.length === 0 ? ['circuits closed'] : parts
}
