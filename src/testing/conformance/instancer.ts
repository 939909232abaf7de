// The conformance suite of instancers: what every adapter of a registry must do. Third parties prove their adapters with it.
import type { InstancerCase } from './instancer-harness.ts'
import { instancerLifeCases } from './instancer-life.ts'
import { instancerSetCases } from './instancer-sets.ts'
import { instancerTroubleCases } from './instancer-trouble.ts'

export type { InstancerCase, InstancerHarness, InstancerLack, OpenRegistry } from './instancer-harness.ts'

/** Every case; run each with `it(name, () => run(harness))`. What a registry cannot do is left out of its cases. */
export const instancerCases: readonly InstancerCase[] = [
  ...instancerSetCases,
  ...instancerTroubleCases,
  ...instancerLifeCases,
]
