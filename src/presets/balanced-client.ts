// balancedClient: a contract and whoever knows its instances, and out of that a client with everything on that calls over a network need.
import { type Client, clientOf } from '../core/client.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Contract, Methods } from '../core/contract.ts'
import { chain } from '../core/endpoint.ts'
import type { MethodInfo } from '../core/method.ts'
import type { ClientOptions } from '../core/open-call.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { allHealthy } from '../discovery/all-healthy.ts'
import type { Balancer } from '../discovery/balancer.ts'
import { Balancing, type BalancingOptions } from '../discovery/balancing.ts'
import { explainable } from '../discovery/explainable.ts'
import type { Instance } from '../discovery/instance.ts'
import type { InstanceHealth } from '../discovery/instance-health.ts'
import { type OutlierDetector, type OutlierOptions, outliers } from '../discovery/outliers.ts'
import { peakEwma } from '../discovery/peak-ewma.ts'
import type { BreakerOptions } from '../resilience/breaker-settings.ts'
import type { CircuitBreaker, StateChangeEvent } from '../resilience/circuit-breaker.ts'
import type { ClientTransport } from '../transport/client-transport.ts'
import { httpClients } from '../transport/http/clients.ts'
import { type ClientPipelineOptions, clientPipeline } from './client-pipeline.ts'
import { discoveryEvents } from './discovery-events.ts'
import { type InstanceBreakers, instanceBreakers } from './instance-breakers.ts'
import { InstanceWire } from './instance-wire.ts'
import { type ObserveOptions, observe } from './observe.ts'
import { made, type Part } from './part.ts'
import { policyGauges } from './policy-gauges.ts'

/** The policies of a client whose service has many instances. */
export interface BalancedPipelineOptions extends Omit<ClientPipelineOptions, keyof ObserveOptions | 'circuitBreaker'> {
  /** When an instance is given a rest: each has a breaker of its own. A policy that is given instead is one for all of them, and says nothing of their health. @default {} */
  readonly circuitBreaker?: Part<InstanceBreakerOptions, CircuitBreaker>
}

/** When an instance is given a rest. */
export interface InstanceBreakerOptions extends BreakerOptions {
  /** Told of each change, with the id of the instance as its key. @default nothing */
  readonly onStateChange?: ((event: StateChangeEvent) => void) | undefined
}

/** How the instances of a service are called. */
export interface BalancedClientOptions
  extends Omit<ClientOptions, 'pipeline'>,
    Omit<ObserveOptions, 'side'>,
    Omit<BalancingOptions<unknown>, 'connect' | 'disconnect' | 'balancer' | 'endpointOf' | 'outliers' | 'clock'> {
  /** Over which wire. @default httpClients() */
  readonly over?: ClientTransport | undefined
  /** Chooses the instance of each attempt; one of its own for each client. @default peakEwma() */
  readonly balancer?: Balancer | undefined
  /**
   * The policies around calls and attempts; false for none. Its circuit breaker is one for each instance, and says which of them are healthy.
   * @default clientPipeline() as it is
   */
  readonly pipeline?: BalancedPipelineOptions | false | undefined
  /** Takes instances out that succeed less often than the others. @default outliers() */
  readonly outliers?: OutlierOptions | OutlierDetector | false | undefined
}

/**
 * Makes a client of a service that has many instances, with observation, timeouts, retries within a budget, a bulkhead and a breaker for each instance. Each
 * attempt picks an instance, another one than those that the call was sent to while there is one. Instances come and go as the instancer says; one that
 * leaves keeps its connections until its calls have ended. Disposing the client calls off what is open; the instancer stays, as others may use it.
 *
 * Throws a TypeError or RangeError for an option out of its range.
 */
export function balancedClient<M extends Methods>(
  contract: Contract<M>,
  options: BalancedClientOptions,
): Client<Contract<M>> {
  const { instancer, over = httpClients(), clock = systemClock, logger, metrics } = options
  if (typeof instancer?.subscribe !== 'function')
    throw new TypeError('instancer must be one, as staticInstancer([…]) or consulInstancer({ … }) give it')
  if (typeof over?.wire !== 'function') throw new TypeError('over must be a transport, as httpClients() gives it')
  const methods = Object.values(contract.info) as MethodInfo[]
  const service = contract.name
  // What was begun must not go on when an option is refused.
  using unfinished = new DisposableStack()
  const held = unfinished.use(new DisposableStack())
  const { pipeline, breakers } = policiesOf(options, clock)
  pipeline.check?.({ methods })
  if (metrics !== undefined && breakers !== undefined)
    held.use(policyGauges({ circuitBreaker: breakers }, { metrics, side: 'client', service, methods }))
  const attempt = chain(...pipeline.attempt)
  const told = discoveryEvents({ service, logger, metrics, instancer })
  held.use(told)
  const balancing = new Balancing<InstanceWire>({
    ...options,
    clock,
    outliers: detectorOf(options.outliers),
    balancer: options.balancer ?? peakEwma(),
    health: healthOf(options.health, breakers),
    connect: (instance) =>
      new InstanceWire(() => {
        try {
          const { address } = instance
          const wire = over.wire(contract, { address }, { clock, maxConnections: pipeline.maxInFlight })
          told.onConnect(instance)
          return wire
        } catch (error) {
          told.onConnectError({ instance, error })
          throw error
        }
      }, attempt),
    disconnect: (wire) => wire.close(),
    endpointOf: (wire, ctx) => wire.endpointOf(ctx),
    onUpdate: (event) => {
      told.onUpdate(event)
      options.onUpdate?.(event)
    },
    onConnectError: (event) => {
      told.onConnectError(event)
      options.onConnectError?.(event)
    },
  })
  unfinished.defer(() => void balancing[Symbol.asyncDispose]())
  const client = clientOf(contract, {
    ...options,
    clock,
    pipeline: {
      call: [balancing.around, ...pipeline.call],
      // They stand around what is sent to one instance.
      attempt: [],
      timeoutMs: pipeline.timeoutMs,
    },
    connect: () => (request, ctx) => balancing.send(request, ctx),
    close: async () => {
      try {
        await balancing[Symbol.asyncDispose]()
      } finally {
        held[Symbol.dispose]()
      }
    },
  })
  unfinished.move()
  return explainable(client, balancing.endpointer)
}

/** The policies, and a breaker for each instance unless that is off. */
function policiesOf(
  options: BalancedClientOptions,
  clock: Clock,
): { readonly pipeline: Pipeline; readonly breakers: InstanceBreakers | undefined } {
  const { logger, metrics, callLog, measure, pipeline = {} } = options
  const told = { logger, metrics, callLog, measure }
  const watch = observe({ ...told, side: 'client' })
  if (pipeline === false) return { pipeline: { call: [watch], attempt: [] }, breakers: undefined }
  if (typeof pipeline !== 'object' || pipeline === null) throw new TypeError('pipeline must be options or false')
  const { circuitBreaker = {}, ...others } = pipeline
  const policy = typeof circuitBreaker === 'function' && circuitBreaker
  const { random } = others
  const common = { random, clock, onStateChange: watch.events.onStateChange }
  return {
    pipeline: clientPipeline({ ...others, ...told, circuitBreaker: policy }),
    breakers:
      policy === false
        ? made('circuitBreaker', circuitBreaker as InstanceBreakerOptions | false, common, (own) =>
            instanceBreakers({ ...own, clock }),
          )
        : undefined,
  }
}

function healthOf(
  own: BalancedClientOptions['health'],
  breakers: InstanceBreakers | undefined,
): ((instance: Instance) => InstanceHealth) | undefined {
  if (own === undefined || breakers === undefined) return own ?? breakers?.of
  return (instance) => allHealthy(own(instance), breakers.of(instance))
}

function detectorOf(given: BalancedClientOptions['outliers']): OutlierDetector | undefined {
  if (given === false) return undefined
  if (given !== undefined && (typeof given !== 'object' || given === null))
    throw new TypeError('outliers must be options, what outliers() gives, or false')
  return given !== undefined && 'judge' in given ? given : outliers(given)
}
