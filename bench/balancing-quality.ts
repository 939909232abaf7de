// The claim about the choice of instances: callers hardly notice those that are slow, or that fail.
import { claim } from './harness/claim.ts'
import { realRows } from './quality/real.ts'
import { simulatedRows } from './quality/simulated.ts'

await claim({
  name: 'balancing-quality',
  says: 'Callers hardly notice instances that are slow or fail.',
  packages: ['undici'],
  rows: [...simulatedRows, ...realRows],
})
