// The claim about discovery: a fleet of ten thousand that changes every second is followed without a pause that a call would notice.
import { hashRing } from 'servicekit/discovery/hash-ring'
import { peakEwma } from 'servicekit/discovery/peak-ewma'
import { weighted } from 'servicekit/discovery/weighted'
import { applied, client, endpoint } from './discovery/applied.ts'
import { unchanged } from './discovery/unchanged.ts'
import { claim } from './harness/claim.ts'

await claim({
  name: 'discovery',
  says: 'A fleet of ten thousand that changes every second is followed without a pause that a call would notice.',
  packages: ['undici'],
  rows: [
    applied('snapshot', endpoint, peakEwma, true),
    applied('snapshot preset', client, peakEwma, true),
    applied('snapshot weighted', endpoint, weighted, false),
    applied('snapshot hash-ring', endpoint, hashRing, false),
    unchanged,
  ],
})
