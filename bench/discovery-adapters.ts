// The claim about registries: one change among a thousand instances is told at once, and is all that is read where the registry's protocol has it.
import { changes } from './adapters/changes.ts'
import { consulFilled } from './adapters/consul.ts'
import { etcdFilled } from './adapters/etcd.ts'
import { claim } from './harness/claim.ts'

await claim({
  name: 'discovery-adapters',
  says: 'One change among a thousand instances is told at once, and is all that is read where the registry has it by itself.',
  packages: ['undici'],
  rows: [changes('consul', consulFilled), changes('etcd', etcdFilled)],
})
