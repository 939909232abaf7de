// etcd 3.4, as Debian packages it: older than most in use, and still what many distributions bring.
import { apt } from '../apt.ts'
import { type EtcdPort, servingEtcd } from '../etcd/launch-etcd.ts'
import type { Server } from '../server.ts'

/** A restart keeps what it was told. */
export const etcd34: Server<EtcdPort> = {
  name: 'etcd-3-4',
  source: apt('etcd-server'),
  serving: servingEtcd('usr/bin/etcd'),
}
