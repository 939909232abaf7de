// etcd 3.6, from its Go module.
import { go } from '../go.ts'
import { type EtcdServer, etcdServer } from './launch-etcd.ts'

const source = go({
  folder: import.meta.dirname,
  module: 'go.etcd.io/etcd/server/v3',
  programs: { etcd: 'go.etcd.io/etcd/server/v3' },
})

export const etcd: EtcdServer = etcdServer('etcd', source, 'bin/etcd')
