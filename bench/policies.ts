// The claim about policies: to be ready for failure costs next to nothing while nothing fails.
import { claim } from './harness/claim.ts'
import { breaker } from './policies/breaker.ts'
import { bucket, bucketCrowd } from './policies/bucket.ts'
import { allocationRow, fiveRow, presetRow } from './policies/five.ts'
import { retryRow } from './policies/retry.ts'
import { simulator } from './policies/simulator.ts'
import { timeoutRow } from './policies/timeout.ts'

await claim({
  name: 'policies',
  says: 'To be ready for failure costs next to nothing while nothing fails.',
  packages: ['cockatiel', 'opossum', 'p-timeout', 'p-retry', 'limiter', 'rate-limiter-flexible', 'bottleneck'],
  rows: [fiveRow, allocationRow, presetRow, timeoutRow, breaker, retryRow, bucket, bucketCrowd, simulator],
})
