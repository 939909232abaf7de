// What is kept of an EndpointSlice: the instances in it, how each is, and until when it is believed.
import { ServiceError } from '../../core/errors.ts'
import { addressOf, checkInstance, type Instance } from '../instance.ts'
import { type AddressType, annotations, type EndpointSlice, type SliceEndpoint } from './endpoint-slice.ts'
import { type Lease, leaseOf } from './lease.ts'
import { portIn } from './port-in.ts'

/** What is wanted of the slices of a service. */
export interface WantedEndpoints {
  readonly service: string
  readonly port: string | number | undefined
  readonly addressType: AddressType | undefined
  readonly readyOnly: boolean
}

/** One slice. */
export interface KnownSlice {
  readonly instances: readonly KnownInstance[]
  /** Undefined for a slice that nobody has to renew. */
  readonly lease: Lease | undefined
  /** Why some of it was left out. */
  readonly flaw: Error | undefined
}

/** An instance, and how good the place is that it was found in: of two the lower one is taken. */
export interface KnownInstance {
  readonly instance: Instance
  readonly rank: number
}

const families: readonly AddressType[] = ['IPv4', 'IPv6', 'FQDN']

/** Reads one slice. Throws a ServiceError where it does not say which port to call. */
export function knownSlice(slice: EndpointSlice, wanted: WantedEndpoints): KnownSlice {
  const { addressType, endpoints, ports } = slice
  const lease = leaseOf(slice)
  const isWanted = wanted.addressType === undefined || wanted.addressType === addressType
  if (!isWanted || !endpoints?.length) return { instances: [], lease, flaw: undefined }
  const port = portIn(ports ?? [], wanted.port)
  if (port === undefined) return { instances: [], lease, flaw: new Error(`no endpoint listens on ${wanted.port}`) }
  const instances: KnownInstance[] = []
  let flaw: Error | undefined
  for (const endpoint of endpoints) {
    const use = useOf(endpoint, wanted.readyOnly)
    if (use === 'none') continue
    try {
      const instance = checkInstance(instanceOf(slice, endpoint, port, use))
      instances.push({ instance, rank: families.indexOf(addressType) + (use === 'ready' ? 0 : families.length) })
    } catch (thrown) {
      flaw = thrown as Error
    }
  }
  return { instances, lease, flaw }
}

type Use = 'ready' | 'spare' | 'none'

/** By the API's own words: what is not said of `ready` is yes, of `serving` what `ready` is, of `terminating` no. */
function useOf({ conditions }: SliceEndpoint, readyOnly: boolean): Use {
  const isReady = conditions?.ready ?? true
  if (isReady) return 'ready'
  // As kube-proxy does it (KEP-1669): whoever ends, and serves until then, is called where nobody else is.
  return !readyOnly || (conditions?.terminating && conditions.serving) ? 'spare' : 'none'
}

function instanceOf(slice: EndpointSlice, endpoint: SliceEndpoint, port: number, use: Use): Instance {
  // All addresses of an endpoint are the same process, "and clients may use the first one".
  const address = addressOf(endpoint.addresses[0] ?? '', port)
  const { id, weight, priority, tags, metadata } = ownWords(slice)
  const { nodeName, zone, targetRef } = endpoint
  const said = metadata ?? (nodeName ? { nodeName } : undefined)
  return {
    id: id ?? targetRef?.name ?? address,
    address,
    ...(use === 'spare' ? { weight: 0 } : weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
    ...(zone ? { zone } : {}),
    ...(tags === undefined ? {} : { tags }),
    ...(said === undefined ? {} : { metadata: said }),
  }
}

/** What a registrar of ours has written. Whether it makes sense is checked with the rest. */
function ownWords({ metadata }: EndpointSlice): Partial<Instance> {
  const text = metadata.annotations?.[annotations.instance]
  if (text === undefined) return {}
  const words: unknown = JSON.parse(text)
  if (typeof words === 'object' && words !== null) return words
  throw new ServiceError('data_loss', `${annotations.instance} of ${metadata.name} is no object`)
}
