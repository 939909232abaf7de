// The commonest mistakes, one a file: the compiler's message about each must name the thing and stay short.
import { contract, endpoints, unary } from 'servicekit'
import { z } from 'zod'

const shop = contract('shop', {
  price: unary({ input: z.object({ item: z.string() }), output: z.object({ cents: z.number() }) }),
  order: unary({ input: z.object({ item: z.string(), count: z.number() }), output: z.object({ id: z.string() }) }),
})
endpoints(shop, { price: () => ({ cents: 1 }) })
