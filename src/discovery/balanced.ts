// balanced: many endpoints that do the same as one, each call to the instance that can take it best.
import type { CallOptions } from '../core/call-options.ts'
import { callOf } from '../core/client.ts'
import { type Context, rootContext } from '../core/context.ts'
import { chain, type Endpoint } from '../core/endpoint.ts'
import type { ClientOptions } from '../core/open-call.ts'
import { clientLayers } from '../core/pipeline.ts'
import { type SingleMethodOptions, singleMethod } from '../core/single-method.ts'
import type { Balancer } from './balancer.ts'
import { Balancing, type BalancingOptions } from './balancing.ts'
import { explainable } from './explainable.ts'
import type { Instance } from './instance.ts'
import { peakEwma } from './peak-ewma.ts'

/** How an endpoint of many instances is made. */
export interface BalancedOptions<Req, Res>
  extends ClientOptions,
    SingleMethodOptions,
    Omit<BalancingOptions<Endpoint<Req, Res>>, 'connect' | 'disconnect' | 'balancer' | 'endpointOf' | 'key' | 'clock'> {
  /** Makes the endpoint of an instance: any function of a request and a context. One with `Symbol.asyncDispose` is disposed when the instance has left and its calls have ended. */
  readonly connect: (instance: Instance) => Endpoint<Req, Res>
  /** Chooses the instance of each attempt. @default peakEwma() */
  readonly balancer?: Balancer | undefined
  /** What a request belongs to, for balancers that go by it; undefined for nothing. @default `balancingKey` of the context */
  readonly key?: ((request: Req, ctx: Context) => string | undefined) | undefined
}

/** Calls one method of a service that has many instances. Disposing it lets go of all of them, but not of the instancer. */
export type BalancedEndpoint<Req, Res> = ((request: Req, options?: Context | CallOptions) => Promise<Res>) &
  AsyncDisposable

/**
 * Makes one endpoint of those of all instances. Each attempt picks an instance, another one than those that the call was sent to while there is one; the `call` layers of
 * `pipeline` stand around that, and its `attempt` layers around what is sent to one instance. Every call settles as those of a client do. Without an
 * instance a call fails with `unavailable`, which says what was looked up and when it was last seen.
 *
 * Throws a TypeError or RangeError for an option out of its range.
 */
export function balanced<Req = unknown, Res = unknown>(options: BalancedOptions<Req, Res>): BalancedEndpoint<Req, Res> {
  const info = singleMethod(options)
  const { pipeline, use = [] } = options
  // Checks the pipeline too; its attempts belong to single instances.
  clientLayers({ pipeline }, { methods: [info] })
  const perInstance = chain(...(pipeline?.attempt ?? []))
  const { connect } = options
  if (typeof connect !== 'function') throw new TypeError(`connect must be a function, but is ${typeof connect}`)
  const balancing = new Balancing<Held<Req, Res>>({
    ...options,
    balancer: options.balancer ?? peakEwma(),
    connect: (instance) => {
      const made = connect(instance)
      if (typeof made !== 'function') throw new TypeError('connect must give an endpoint, which is a function')
      return { made, endpoint: perInstance(made) }
    },
    disconnect: async ({ made }) => await (made as Partial<AsyncDisposable>)[Symbol.asyncDispose]?.(),
    endpointOf: ({ endpoint }) => endpoint as Endpoint<unknown, unknown>,
    key: options.key as never,
  })
  // What was begun must not go on when an option is refused.
  using unfinished = new DisposableStack()
  unfinished.defer(() => void balancing[Symbol.asyncDispose]())
  const root = rootContext({ clock: options.clock })
  const around = chain(...use, balancing.around, ...(pipeline?.call ?? []))
  const send = around((request: unknown, ctx) => balancing.send(request, ctx))
  const call = callOf({ info, output: undefined, send, root, wire: options })
  const endpoint = Object.assign(
    (request: Req, given?: Context | CallOptions) => call(request, given) as Promise<Res>,
    {
      [Symbol.asyncDispose]: async () => {
        root.cancel()
        await balancing[Symbol.asyncDispose]()
      },
    },
  )
  unfinished.move()
  return explainable(endpoint, balancing.endpointer)
}

/** The endpoint of one instance, as it was made, and with what stands around it. */
interface Held<Req, Res> {
  readonly made: Endpoint<Req, Res>
  readonly endpoint: Endpoint<Req, Res>
}
