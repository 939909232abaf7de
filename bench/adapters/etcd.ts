// etcd as the bench has it: one member, which is told by its JSON gateway.

import type { Instance } from 'servicekit/discovery/instancer'
import { etcdInstancer } from '../../src/discovery/etcd/instancer.ts'
import { EtcdClient } from '../../test/servers/etcd/client.ts'
import { etcd } from '../../test/servers/etcd/etcd.ts'
import { ownServer } from '../../test/servers/own-server.ts'
import { type FilledRegistry, service } from './changes.ts'

export async function etcdFilled(): Promise<FilledRegistry> {
  const server = await ownServer(etcd)
  const { hostname, port, origin } = new URL(server.addresses['url'] as string)
  const client = new EtcdClient(origin)
  const pairOf = (instance: Instance) => [`/services/${service}/${instance.id}`, JSON.stringify(instance)] as const
  return {
    title: 'etcd 3.6, a watch',
    host: hostname,
    port: Number(port),
    instancer: (tap) => etcdInstancer({ service, url: `http://${hostname}:${tap}` }),
    fill: (instances) => client.change(instances.map(pairOf)),
    change: (instance) => client.change([pairOf(instance)]),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
