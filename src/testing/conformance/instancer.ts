// The conformance suite of instancers: what every adapter of a registry must do. Third parties prove their adapters with it.
import type { InstancerCase, InstancerHarness } from './instancer-harness.ts'
import { instancerLifeCases } from './instancer-life.ts'
import { instancerSetCases } from './instancer-sets.ts'
import { instancerTroubleCases } from './instancer-trouble.ts'
import { withSkips } from './left-out.ts'

export type { InstancerCase, InstancerHarness, InstancerLack, OpenRegistry } from './instancer-harness.ts'

/** Every case; run each with `it(name, (test) => run(harness, test))`. What a registry cannot do is left out of its cases, and a case of which nothing is left is skipped. */
export const instancerCases: readonly InstancerCase[] = withSkips<InstancerHarness>([
  ...instancerSetCases,
  ...instancerTroubleCases,
  ...instancerLifeCases,
])
