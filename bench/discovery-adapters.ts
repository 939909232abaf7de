// The claim about registries: one change among a thousand instances is told at once, and is all that is read where the registry's protocol has it.
import { changes } from './adapters/changes.ts'
import { inConsul } from './adapters/consul.ts'
import { inEtcd } from './adapters/etcd.ts'
import { inEureka } from './adapters/eureka.ts'
import { inKubernetes } from './adapters/kubernetes.ts'
import { registered } from './adapters/registered.ts'
import { inZookeeper } from './adapters/zookeeper.ts'
import { claim } from './harness/claim.ts'

await claim({
  name: 'discovery-adapters',
  says: 'One change among a thousand instances is told at once, and is all that is read where the registry has it by itself.',
  packages: ['undici'],
  rows: [
    changes('consul', () => registered(inConsul)),
    changes('etcd', () => registered(inEtcd)),
    changes('zookeeper', () => registered(inZookeeper)),
    changes('kubernetes', () => registered(inKubernetes)),
    changes('eureka', () => registered(inEureka), { rounds: 10 }),
  ],
})
