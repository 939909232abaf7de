// etcd 3.4, as Debian packages it: older than most in use, and still what many distributions bring.
import { apt } from '../apt.ts'
import { type EtcdServer, etcdServer } from '../etcd/launch-etcd.ts'

export const etcd34: EtcdServer = etcdServer('etcd-3-4', apt('etcd-server'), 'usr/bin/etcd')
