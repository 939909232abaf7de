// etcd 3.6, from its Go module.
import { go } from '../go.ts'
import type { Server } from '../server.ts'
import { type EtcdPort, servingEtcd } from './launch-etcd.ts'

/** A restart keeps what it was told. */
export const etcd: Server<EtcdPort> = {
  name: 'etcd',
  source: go({
    folder: import.meta.dirname,
    module: 'go.etcd.io/etcd/server/v3',
    programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  }),
  serving: servingEtcd('bin/etcd'),
}
