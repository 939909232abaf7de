// etcd as the bench has it: one server, by its JSON gateway.
import { etcdInstancer } from 'servicekit/discovery/etcd/instancer'
import { etcdRegistrar } from 'servicekit/discovery/etcd/registrar'
import { etcd } from '../../test/servers/etcd/etcd.ts'
import { service } from './changes.ts'
import type { Registered } from './registered.ts'

export const inEtcd: Registered = {
  title: 'etcd 3.6, by the watch of a prefix',
  server: etcd,
  listens: ({ url = '' }) => url,
  instancer: (at) => etcdInstancer({ service, url: `http://${at}` }),
  registrar: (at) => etcdRegistrar({ url: `http://${at}` }),
}
