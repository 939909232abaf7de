// What stringsvc can do: the definition that its server and its clients share.
import { contract, unary } from 'servicekit'
import { z } from 'zod'

export const stringsvc = contract('stringsvc', {
  uppercase: unary({
    input: z.object({ s: z.string() }),
    output: z.object({ v: z.string(), err: z.string().nullable() }),
    idempotent: true,
    // A good reply that says what is wrong: the status stays 200, metrics and breakers see a failure.
    failed: ({ err }) => err,
    http: [
      { method: 'POST', path: '/uppercase' },
      { method: 'GET', path: '/uppercase', body: true },
    ],
  }),
  count: unary({
    input: z.object({ s: z.string() }),
    output: z.object({ v: z.number() }),
    idempotent: true,
    http: [
      { method: 'POST', path: '/count' },
      { method: 'GET', path: '/count', body: true },
    ],
  }),
})
