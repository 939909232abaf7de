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

export const adder: Handlers<typeof addsvc> = {
  sum: ({ a, b }) => ({ total: a + b }),
  count: ({ count }) => counting(count),
}
