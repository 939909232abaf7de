// Announces instances in ZooKeeper: each by an ephemeral node, which goes with the session of its process.
import { checkInstance, type Instance } from '../instance.ts'
import { type Announce, type Registrar, type RegistrarOptions, registrarFrom } from '../registrar.ts'
import { registrarWith } from '../registrar-with.ts'
import { checkedAcl, creatorAcl, worldAcl, type ZookeeperAclEntry } from './acl.ts'
import { type CheckedConnection, checkedConnection, type ZookeeperConnectionOptions } from './connection.ts'
import { EphemeralNodes } from './ephemeral-nodes.ts'
import { instanceText } from './instance-text.ts'
import { below, nodeName } from './node-name.ts'
import { Session } from './session.ts'
import type { Place } from './take-place.ts'

export type { Registrar } from '../registrar.ts'
export type { ZookeeperAclEntry } from './acl.ts'
export type { RequesterTls } from './connection.ts'

/** Where instances are announced, and who may see them. */
export interface ZookeeperRegistrarOptions extends RegistrarOptions, ZookeeperConnectionOptions {
  /**
   * Who may do what with the nodes that are made, those above the instances included: `{ scheme, id, permissions }`, with the letters `cdrwa`.
   * @default everything for whoever has the same `user` and `password`; without these everything for everybody
   */
  readonly acl?: readonly ZookeeperAclEntry[] | undefined
}

/**
 * Announces each instance as `<path>/<service>/<id>`. All instances of a registrar share one session; one that has expired is replaced, and all are announced
 * anew. Throws a TypeError or RangeError for an option that makes no sense; `register` also for an instance that is too large for a packet.
 */
export function zookeeperRegistrar(options: ZookeeperRegistrarOptions = {}): Registrar {
  const checked = checkedConnection(options)
  const acl = checkedAcl(
    options.acl ?? (checked.auth === undefined ? worldAcl : creatorAcl),
    checked.auth !== undefined,
  )
  const nodes = new EphemeralNodes((listener) => new Session(checked, listener, { keep: true }))
  const announce: Announce = (service, instance, signal, mayBeThere) =>
    nodes.announce(placeOf(checked, acl, service, instance), signal, mayBeThere)
  const registrar = registrarFrom(checked.name, announce, options)
  return registrarWith(registrar, {
    accept: (service, instance) => {
      placeOf(checked, acl, service, checkInstance(instance))
      return instance
    },
    close: () => nodes.close(),
  })
}

function placeOf(
  { path, maxPacketBytes }: CheckedConnection,
  acl: readonly ZookeeperAclEntry[],
  service: string,
  instance: Instance,
): Place {
  return {
    path: below(below(path, nodeName(service)), nodeName(instance.id)),
    data: Buffer.from(instanceText(instance, maxPacketBytes)),
    address: instance.address,
    acl,
  }
}
