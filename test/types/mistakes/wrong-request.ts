// A call with a request that does not fit.
import { type Client, contract, unary } from 'servicekit'
import { z } from 'zod'

const shop = contract('shop', {
  price: unary({ input: z.object({ item: z.string() }), output: z.object({ cents: z.number() }) }),
})
declare const client: Client<typeof shop>
client.price({ itm: 'tea' })
