// A handler that returns something else than the contract says.
import { contract, endpoints, unary } from 'servicekit'
import { z } from 'zod'

const shop = contract('shop', {
  price: unary({ input: z.object({ item: z.string() }), output: z.object({ cents: z.number() }) }),
})
endpoints(shop, { price: () => ({ cent: 1 }) })
