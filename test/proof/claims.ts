// All that is promised of the policies, in the order of the table.
import type { Claim } from './claim.ts'
import { failingInstance, slowInstances } from './fleet.ts'
import { hedging, hedgingInVain } from './hedging.ts'
import { amplification, randomErrors } from './layers.ts'
import { overload } from './overload.ts'

/** Every claim. */
export const claims: readonly Claim[] = [
  amplification,
  randomErrors,
  overload,
  hedging,
  hedgingInVain,
  slowInstances,
  failingInstance,
]
