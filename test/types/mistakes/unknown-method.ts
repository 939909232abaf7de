// A call of a method that the contract does not have.
import { type Client, contract, unary } from 'servicekit'
import { z } from 'zod'

const shop = contract('shop', {
  price: unary({ input: z.object({ item: z.string() }), output: z.object({ cents: z.number() }) }),
})
declare const client: Client<typeof shop>
client.prize({ item: 'tea' })
