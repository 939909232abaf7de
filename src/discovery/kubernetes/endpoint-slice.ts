// EndpointSlices as `discovery.k8s.io/v1` has them: the members that are read and written here, and the names that they go by.

/** @see https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/ */
export interface EndpointSlice {
  readonly metadata: SliceMetadata
  readonly addressType: AddressType
  readonly endpoints?: readonly SliceEndpoint[] | null
  readonly ports?: readonly SlicePort[] | null
}

/** What kind of addresses a slice has. */
export type AddressType = 'IPv4' | 'IPv6' | 'FQDN'

/** What is read of any object's metadata. */
export interface SliceMetadata {
  readonly name: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly object[]
}

/** A process behind a service, or several that cannot be told apart. */
export interface SliceEndpoint {
  readonly addresses: readonly string[]
  readonly conditions?: {
    readonly ready?: boolean | null
    readonly serving?: boolean | null
    readonly terminating?: boolean | null
  }
  readonly targetRef?: { readonly kind?: string; readonly name?: string } | null
  readonly nodeName?: string | null
  readonly zone?: string | null
}

/** What all endpoints of a slice listen on. */
export interface SlicePort {
  readonly name?: string | null
  /** @default TCP */
  readonly protocol?: string | null
  /** Undefined for any. */
  readonly port?: number | null
}

/** Labels that Kubernetes gives a meaning. */
export const labels = {
  service: 'kubernetes.io/service-name',
  managedBy: 'endpointslice.kubernetes.io/managed-by',
} as const

/** Annotations of the slices that registrars keep. */
export const annotations = {
  /** What an EndpointSlice has no member for, as JSON: id, weight, priority, tags, metadata. */
  instance: 'servicekit/instance',
  /** How long it is alive without being renewed, in milliseconds. */
  ttlMs: 'servicekit/ttl-ms',
  /** When it was renewed, by the clock of its registrar (RFC 3339). */
  renewedAt: 'servicekit/renewed-at',
} as const

/** As which all that registrars write is marked. */
export const manager = 'servicekit'

/** Whether something that was sent is a slice, as far as it is read; its endpoints are looked at one by one. */
export function isSlice(sent: unknown): sent is EndpointSlice {
  const { metadata, addressType, endpoints, ports } = (sent ?? {}) as Partial<EndpointSlice>
  return (
    typeof metadata?.name === 'string' &&
    typeof addressType === 'string' &&
    (endpoints == null || Array.isArray(endpoints)) &&
    (ports == null || Array.isArray(ports))
  )
}
