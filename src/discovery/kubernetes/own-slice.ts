// An instance as an EndpointSlice of its own.
import { createHash } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { checkInstance, type Instance, splitAddress } from '../instance.ts'
import { checkLabel } from './connection.ts'
import { type AddressType, annotations, type EndpointSlice, labels, manager } from './endpoint-slice.ts'

/** What is said of all slices of a registrar. */
export interface OwnSliceOptions {
  readonly ttlMs: number
  readonly portName: string
  /** Whoever owns it: Kubernetes removes the slice with it. */
  readonly pod: { readonly name: string; readonly uid: string } | undefined
}

/** What Kubernetes is told again and again, with the moment of it. */
export interface OwnSlice extends EndpointSlice {
  readonly apiVersion: 'discovery.k8s.io/v1'
  readonly kind: 'EndpointSlice'
}

// All annotations of an object may have 256 KiB, and the others are ours too.
const maxWordBytes = 255 * 1024

/** Throws a TypeError or RangeError for what Kubernetes would refuse again and again. */
export function ownSlice(service: string, instance: Instance, options: OwnSliceOptions, renewedAt: number): OwnSlice {
  checkLabel('service', service)
  const { id, address, weight, priority, zone, tags, metadata } = checkInstance(instance)
  const { host, port } = splitAddress(address)
  const words = JSON.stringify({ id, weight, priority, tags, metadata })
  const bytes = Buffer.byteLength(words)
  if (bytes > maxWordBytes) throw new TypeError(`metadata and tags are too large for kubernetes: ${bytes} bytes`)
  const { ttlMs, portName, pod } = options
  const owner = pod && { apiVersion: 'v1', kind: 'Pod', ...pod }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: sliceName(service, id),
      labels: { [labels.service]: service, [labels.managedBy]: manager },
      annotations: {
        [annotations.instance]: words,
        [annotations.ttlMs]: String(Math.round(ttlMs)),
        [annotations.renewedAt]: new Date(renewedAt).toISOString(),
      },
      ...(owner ? { ownerReferences: [owner] } : {}),
    },
    addressType: addressTypeOf(host),
    endpoints: [{ addresses: [host], conditions: { ready: true }, ...(zone ? { zone } : {}) }],
    ports: [{ name: portName, protocol: 'TCP', port }],
  }
}

/** The same for the same instance, whatever its address. */
export function sliceName(service: string, id: string): string {
  return `${service}-${createHash('sha256').update(id).digest('hex').slice(0, 16)}`
}

const refused = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 32],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 24],
] as const)
  refused.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff02::', 16],
] as const)
  refused.addSubnet(net, prefix, 'ipv6')

function addressTypeOf(host: string): AddressType {
  const version = isIP(host)
  if (version === 0) {
    // ValidateEndpointSlice of the API server wants a name with a dot.
    if (/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(host)) return 'FQDN'
    throw new TypeError(`address must have an IP address or a whole name in small letters for kubernetes, not ${host}`)
  }
  const family = version === 4 ? 'IPv4' : 'IPv6'
  if (host.includes('%') || refused.check(host, version === 4 ? 'ipv4' : 'ipv6'))
    throw new TypeError(`kubernetes takes no address that is good on one machine only, like ${host}`)
  return family
}
