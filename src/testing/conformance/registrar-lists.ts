// Conformance of a registrar: what the registry has while instances are registered, and afterwards.

import { instanceOf } from './assert-seen.ts'
import { type RegistrarCase, withRegistrar } from './registrar-harness.ts'

const one = instanceOf(1)

/** What appears, and what is taken away. */
export const registrarListCases: readonly RegistrarCase[] = [
  {
    name: 'registers an instance until it is closed',
    run: (harness) =>
      withRegistrar(harness, async (setup) => {
        const registration = setup.registrar.register('orders', one)
        await setup.has(registration)
        await setup.lists('orders', [one])
        await registration.close()
        await setup.lists('orders', [])
      }),
  },
]
