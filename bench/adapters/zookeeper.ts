// ZooKeeper as the bench has it: one server, by the watches of nodes.
import { zookeeperInstancer } from 'servicekit/discovery/zookeeper/instancer'
import { zookeeperRegistrar } from 'servicekit/discovery/zookeeper/registrar'
import { zookeeper } from '../../test/servers/zookeeper/zookeeper.ts'
import { service } from './changes.ts'
import type { Registered } from './registered.ts'

export const inZookeeper: Registered = {
  title: 'ZooKeeper 3.8.0, which lists names anew when one has come or gone',
  server: zookeeper,
  listens: ({ url = '' }) => url,
  instancer: (at) => zookeeperInstancer({ service, servers: at }),
  registrar: (at) => zookeeperRegistrar({ servers: at }),
}
