// Instances as the slices of a service: as the controllers of Kubernetes write those of pods, and as our registrars write them; and how they are read back.

import { type Instance, splitAddress } from '../../src/discovery/instance.ts'
import { annotations, type EndpointSlice, labels } from '../../src/discovery/kubernetes/endpoint-slice.ts'
import { knownSlice } from '../../src/discovery/kubernetes/known-slice.ts'
import { mergedInstances } from '../../src/discovery/kubernetes/merged-instances.ts'
import { ownSlice } from '../../src/discovery/kubernetes/own-slice.ts'

/** A slice for each kind of address and each port: what stays in one changes at once. */
export function podSlices(service: string, instances: readonly Instance[], size = 1_000): readonly EndpointSlice[] {
  const kinds = Map.groupBy(instances, ({ address }) => {
    const { host, port } = splitAddress(address)
    return `${host.includes(':') ? 'IPv6' : 'IPv4'} ${port}`
  })
  return [...kinds].flatMap(([kind, alike]) => {
    const [addressType = '', port] = kind.split(' ')
    const count = Math.ceil(alike.length / size)
    return Array.from({ length: count }, (_, at) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service}-${addressType}-${port}-${at}`.toLowerCase(),
        labels: { [labels.service]: service, [labels.managedBy]: 'endpointslice-controller.k8s.io' },
      },
      addressType: addressType as EndpointSlice['addressType'],
      endpoints: alike.slice(at * size, (at + 1) * size).map(({ id, address, zone }) => ({
        addresses: [splitAddress(address).host],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', name: id },
        ...(zone === undefined ? {} : { zone }),
      })),
      ports: [{ name: 'http', port: Number(port), protocol: 'TCP' }],
    }))
  })
}

/** A slice for each, which nobody has to renew. */
export function ownSlices(service: string, instances: readonly Instance[]): readonly EndpointSlice[] {
  return instances.map((instance) => {
    const { metadata, ...slice } = ownSlice(service, instance, { ttlMs: 1_000, portName: '', pod: undefined }, 0)
    const { [annotations.ttlMs]: _, ...said } = metadata.annotations ?? {}
    return { ...slice, metadata: { ...metadata, annotations: said } }
  })
}

/** Who is in the slices of a service, without those whose lease has run out by the clock: here all clocks are the same. */
export function listedIn(slices: readonly EndpointSlice[], service: string, wallNow: number): readonly Instance[] {
  const wanted = { service, port: undefined, addressType: undefined, readyOnly: true }
  const known = slices
    .filter(({ metadata }) => metadata.labels?.[labels.service] === service)
    .map((slice) => knownSlice(slice, wanted))
  return mergedInstances(known.filter(({ lease }) => lease === undefined || lease.renewedAt + lease.ttlMs > wallNow))
}
