// The claim about metrics: to measure a call costs next to nothing.
import { claim } from './harness/claim.ts'
import { sketch } from './metrics/sketch.ts'

await claim({
  name: 'metrics',
  says: 'To measure costs next to nothing.',
  packages: ['@datadog/sketches-js'],
  rows: [sketch],
})
