// What a client knows of its instances, as metrics and log lines: who came and went, who may be called, and whether the registry works.

import { ServiceError } from '../core/errors.ts'
import type { CandidatesUpdate } from '../discovery/endpointer.ts'
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
}

// Of a fleet that comes at once only some are named.
const mostNames = 10

/** Logs each change of the set at `info`, panic and a registry that fails at `warn`, and shows how many instances there are. */
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
  if (logger !== undefined) held.use(logOutages(service, instancer, logger))
  let wasPanic = false
  return {
    onUpdate: ({ joined, left, instances, admitted, panic }) => {
      counts.known = instances
      counts.admitted = admitted
      logger?.info('instances changed', { service, joined: namesOf(joined), left: namesOf(left), instances, admitted })
      if (panic && !wasPanic) logger?.warn('too few instances are healthy: all are called', { service, instances })
      wasPanic = panic
    },
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
        ...errorFields(ServiceError.from(error), false),
      })
  })
}

function namesOf(instances: readonly Instance[]): readonly string[] | undefined {
  if (instances.length === 0) return undefined
  const names = instances.slice(0, mostNames).map(({ id }) => id)
  return instances.length > mostNames ? [...names, `and ${instances.length - mostNames} more`] : names
}
