// A schema that is none.
import { contract, unary } from 'servicekit'
import { z } from 'zod'

contract('shop', { price: unary({ input: { item: 'string' }, output: z.object({ cents: z.number() }) }) })
