// The service of our side, for its server and its client: the schemas are on.
import { contract, type Handlers, serverStream, unary } from 'servicekit'
import { z } from 'zod'
import { counting } from './counting.ts'

const Terms = z.object({ a: z.number(), b: z.number() })
const Total = z.object({ total: z.number() })
const Count = z.object({ count: z.number() })
const Message = z.object({ n: z.number() })

export const addsvc = contract('addsvc', {
  sum: unary({ input: Terms, output: Total }),
  count: serverStream({ input: Count, output: Message }),
})

/** The same where a second call does no harm: what repeats calls has more to do then. */
export const repeatable = contract('addsvc', {
  sum: unary({ input: Terms, output: Total, idempotent: true }),
})

/** The contract that an argument of a process names. */
export function contractOf(name: string): typeof repeatable {
  // To its clients only the flag tells them apart.
  if (name === 'addsvc') return addsvc as unknown as typeof repeatable
  if (name === 'repeatable') return repeatable
  throw new TypeError(`there is no contract ${name}`)
}

export const adder: Handlers<typeof addsvc> = {
  sum: ({ a, b }) => ({ total: a + b }),
  count: ({ count }) => counting(count),
}
