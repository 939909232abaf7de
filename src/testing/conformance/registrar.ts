// The conformance suite of registrars: what every adapter of a registry must do. Third parties prove their adapters with it.
import { withSkips } from './left-out.ts'
import type { RegistrarCase, RegistrarHarness } from './registrar-harness.ts'
import { registrarLifeCases } from './registrar-life.ts'
import { registrarListCases } from './registrar-lists.ts'
import { registrarTroubleCases } from './registrar-trouble.ts'

export type { OpenRegistrarRegistry, RegistrarCase, RegistrarHarness, RegistrarLack } from './registrar-harness.ts'

/** Every case; run each with `it(name, (test) => run(harness, test))`. What a registry cannot do is left out of its cases, and a case of which nothing is left is skipped. */
export const registrarCases: readonly RegistrarCase[] = withSkips<RegistrarHarness>([
  ...registrarListCases,
  ...registrarTroubleCases,
  ...registrarLifeCases,
])
