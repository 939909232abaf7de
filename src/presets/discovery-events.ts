// What a client knows of its instances, as metrics and log lines: who came and went, who may be called, and whether the registry works.
import type { CandidatesUpdate, ConnectErrorEvent } from '../discovery/endpointer.ts'
import type { Instance } from '../discovery/instance.ts'
import type { Instancer } from '../discovery/instancer.ts'
import { errorFields } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { summedGauge } from './summed-gauge.ts'

/** Whose instances they are, and where it is told. */
export interface DiscoveryEventsOptions {
  readonly service: string
  readonly instancer: Instancer
  readonly logger?: Logger | undefined
  readonly metrics?: Metrics | undefined
}

/** Hears of instances. Disposing it ends that. */
export interface DiscoveryEvents extends Disposable {
  onUpdate(event: CandidatesUpdate): void
  onConnectError(event: Pick<ConnectErrorEvent, 'instance' | 'error'>): void
  /** An instance could be connected, whether or not it could not before. */
  onConnect(instance: Instance): void
}

// Of a fleet that comes at once only some are named.
const mostNames = 10

/**
 * Logs each change of the set and of who may be called at `info`; panic, a registry that fails, and an instance that could not be connected, once until
 * it could, at `warn`. Shows how many instances there are.
 */
export function discoveryEvents(options: DiscoveryEventsOptions): DiscoveryEvents {
  const { service, instancer, logger } = options
  const counts = { known: 0, admitted: 0 }
  const held = new DisposableStack()
  const { metrics } = options
  if (metrics !== undefined) {
    const name = 'rpc.client.instances'
    const help =
      'Instances of a service that are known, and of those the ones that may be called; of each client by itself, summed up. Of this host.'
    for (const state of ['known', 'admitted'] as const)
      held.use(summedGauge(metrics, { name, help, labels: { 'rpc.service': service, state } }, () => counts[state]))
  }
  /** Ids of those that could not be connected, as far as they are still known. */
  const unconnected = new Set<string>()
  if (logger !== undefined) {
    held.use(logOutages(service, instancer, logger))
    held.use(instancer.subscribe(({ instances }) => keepKnown(unconnected, instances)))
  }
  let wasPanic = false
  return {
    onUpdate: ({ joined, left, instances, admitted, panic }) => {
      counts.known = instances
      counts.admitted = admitted
      for (const { id } of joined) unconnected.delete(id)
      const isOfSet = joined.length + left.length > 0
      logger?.info(isOfSet ? 'instances changed' : 'health of instances changed', {
        service,
        joined: namesOf(joined),
        left: namesOf(left),
        instances,
        admitted,
        panic: panic || undefined,
      })
      if (panic && !wasPanic) logger?.warn('too few instances are healthy: all are called', { service, instances })
      wasPanic = panic
    },
    onConnectError: ({ instance: { id, address }, error }) => {
      if (logger === undefined || unconnected.has(id)) return
      unconnected.add(id)
      const failed = { service, instance: id, address, ...errorFields(error, false) }
      logger.warn('an instance could not be connected', failed)
    },
    onConnect: ({ id }) => void unconnected.delete(id),
    [Symbol.dispose]: () => held[Symbol.dispose](),
  }
}

function logOutages(service: string, instancer: Instancer, logger: Logger): Disposable {
  let fails = false
  return instancer.subscribe(({ error, instances }) => {
    if ((error !== undefined) === fails) return
    fails = error !== undefined
    const known = instances?.length
    if (error === undefined) logger.info('the lookup of instances works again', { service, instances: known })
    else
      logger.warn('the lookup of instances fails', {
        service,
        lookup: instancer.name,
        instances: known,
        ...errorFields(error, false),
      })
  })
}

/** Forgets those that have left: they come back as others. */
function keepKnown(ids: Set<string>, instances: readonly Instance[] | undefined): void {
  if (ids.size === 0) return
  const known = new Set(instances?.map(({ id }) => id))
  for (const id of ids) if (!known.has(id)) ids.delete(id)
}

function namesOf(instances: readonly Instance[]): readonly string[] | undefined {
  if (instances.length === 0) return undefined
  const names = instances.slice(0, mostNames).map(({ id }) => id)
  return instances.length > mostNames ? [...names, `and ${instances.length - mostNames} more`] : names
}
