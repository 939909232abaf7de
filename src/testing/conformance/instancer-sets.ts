// Conformance of an instancer: which instances it tells, and what of each.

import { instancesOf } from './assert-seen.ts'
import { type InstancerCase, withInstancer } from './instancer-harness.ts'

const three = instancesOf(3)

/** What comes, goes and changes. */
export const instancerSetCases: readonly InstancerCase[] = [
  {
    name: 'tells which instances there are',
    run: (harness) =>
      withInstancer(harness, three.toReversed(), async (setup) => {
        setup.subscribe()
        await setup.knows(three)
      }),
  },
]
