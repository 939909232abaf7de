// What a client knows of its instances, as metrics and log lines: who came and went, who may be called, and whether the registry works.

import { ServiceError } from '../core/errors.ts'
import type { CandidatesUpdate } from '../discovery/endpointer.ts'
import type { Instance } from '../discovery/instance.ts'
import type { Instancer } from '../discovery/instancer.ts'
import { errorFields } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'

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

/** Logs each change of the set and of who may be called at `info`, panic and a registry that fails at `warn`, and shows how many instances there are. */
export function discoveryEvents(options: DiscoveryEventsOptions): DiscoveryEvents {
  const { service, instancer, logger } = options
  const counts = { known: 0, admitted: 0 }
  const held = new DisposableStack()
  const { metrics } = options
  if (metrics !== undefined) {
    const gauge = metrics.gauge({
      name: 'rpc.client.instances',
      help: 'Instances of a service that are known, and of those the ones that may be called. Of this host.',
      labels: ['rpc.service', 'state'],
    })
    // What was shown last would stay, as if there were still a client.
    for (const state of ['known', 'admitted']) held.defer(() => void gauge.delete({ 'rpc.service': service, state }))
    held.use(
      metrics.onCollect(() => {
        gauge.with({ 'rpc.service': service, state: 'known' }).set(counts.known)
        gauge.with({ 'rpc.service': service, state: 'admitted' }).set(counts.admitted)
      }),
    )
  }
  if (logger !== undefined) held.use(logOutages(service, instancer, logger))
  let wasPanic = false
  return {
    onUpdate: ({ joined, left, instances, admitted, panic }) => {
      counts.known = instances
      counts.admitted = admitted
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
