// Announces instances in Kubernetes that it does not run itself: an EndpointSlice for each, renewed for as long as it is there.
import { checkNumber } from '../../primitives/check.ts'
import { type Announce, type Registrar, type RegistrarOptions, registrarFrom } from '../registrar.ts'
import { registrarWith } from '../registrar-with.ts'
import { tellingDoubt } from '../telling-doubt.ts'
import { checkedKubernetes, type KubernetesConnectionOptions } from './connection.ts'
import { OldSlices } from './old-slices.ts'
import { type OwnSlice, type OwnSliceOptions, ownSlice } from './own-slice.ts'
import { isOneOf, SlicesApi } from './slices-api.ts'

export type { Registrar } from '../registrar.ts'
export type { RequesterTls } from './connection.ts'

/** With which API server is announced, and how. */
export interface KubernetesRegistrarOptions extends RegistrarOptions, KubernetesConnectionOptions {
  /** How long an instance is believed that is not renewed, in milliseconds; at least 300. It is renewed three times in that. @default 30_000 */
  readonly ttlMs?: number | undefined
  /** The name of its port, which must be that of the Service where kube-proxy is to find it; at most 63 small letters, digits and hyphens. @default '' */
  readonly portName?: string | undefined
  /**
   * Slices of the same service whose registrars have been silent for longer than this are removed when a service is announced, in milliseconds; at least
   * 60_000, Infinity for never. @default 600_000
   */
  readonly removeAfterMs?: number | undefined
  /** The pod of this process, as the downward API gives it: Kubernetes removes what was announced with it. @default none */
  readonly pod?: { readonly name: string; readonly uid: string } | undefined
}

/**
 * For processes outside of the cluster, or without a Service that selects their pods: of those Kubernetes knows by itself. Each instance is a slice
 * `<service>-<hash of its id>` that is removed when it is closed; who dies without a word is left out by our instancers soon after `ttlMs`. Needs a Role
 * that lets it create, patch, delete and list `endpointslices` in `discovery.k8s.io`. Throws a TypeError or RangeError for an option that makes no sense;
 * `register` also for an address that Kubernetes refuses, one of loopback say.
 */
export function kubernetesRegistrar(options: KubernetesRegistrarOptions = {}): Registrar {
  const { ttlMs = 30_000, portName = '', removeAfterMs = 600_000, pod } = options
  if (typeof portName !== 'string' || !/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?$/.test(portName))
    throw new TypeError('portName must have at most 63 small letters, digits and inner hyphens')
  if (pod !== undefined && !(typeof pod?.name === 'string' && typeof pod.uid === 'string'))
    throw new TypeError('pod must be like { name, uid }')
  const own = { ttlMs: checkNumber('ttlMs', ttlMs, { min: 300, max: 2 ** 31 - 1 }), portName, pod }
  const checked = checkedKubernetes(options)
  const { clock } = checked
  const api = new SlicesApi(checked)
  const old = new OldSlices(api, clock, checkNumber('removeAfterMs', removeAfterMs, { min: 60_000 }))
  const announce = announcing(api, (service, instance) => ownSlice(service, instance, own, clock.wallNow()), own, old)
  // Whoever could not renew has half of its TTL to do so when the registry takes it again, see Leases.
  const registrar = registrarFrom(checked.name, announce, {
    ...options,
    backoff: { maxMs: ttlMs / 3, ...options.backoff },
  })
  return registrarWith(registrar, {
    accept: (service, instance) => {
      ownSlice(service, instance, own, 0)
      return instance
    },
    close: async () => {
      await old[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  })
}

/** To renew is to announce again: what somebody has removed or changed meanwhile is as it was. */
function announcing(
  api: SlicesApi,
  sliceOf: (...instance: [service: string, instance: Parameters<Announce>[1]]) => OwnSlice,
  { ttlMs }: OwnSliceOptions,
  old: OldSlices,
): Announce {
  return async (service, instance, signal, mayBeThere) => {
    const { name } = sliceOf(service, instance).metadata
    const withdraw = (each: AbortSignal) => api.remove(name, each)
    const apply = (each: AbortSignal) => applied(api, sliceOf(service, instance), each)
    await tellingDoubt(
      () => apply(signal),
      signal,
      () => mayBeThere?.(withdraw),
    )
    old.removeOnce(service)
    return { renewEveryMs: ttlMs / 3, renew: apply, withdraw }
  }
}

/** The kind of its addresses is fixed for the life of a slice. */
async function applied(api: SlicesApi, slice: OwnSlice, signal: AbortSignal): Promise<void> {
  try {
    await api.apply(slice, signal)
  } catch (thrown) {
    if (!isOneOf(thrown, 'invalid_argument') || !thrown.message.includes('addressType')) throw thrown
    await api.remove(slice.metadata.name, signal)
    await api.apply(slice, signal)
  }
}
