// The serving end of the in-memory wire: a contract in the same process, with every rule of a wire between.
import type { Clock } from '../../core/clock.ts'
import type { Contract, Methods } from '../../core/contract.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { Endpoints } from '../../core/endpoints.ts'
import { type SingleMethodOptions, singleMethod } from '../../core/single-method.ts'
import { Closing } from '../../platform/closing.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Codec } from '../codec.ts'
import {
  Dispatcher,
  type DispatchOptions,
  type DispatchStats,
  type InboundCall,
  type Mounted,
  mounted,
  type ServedCall,
} from '../dispatch.ts'
import { hookedEndpoint, type SingleEndpointOptions } from '../single.ts'
import type { MemoryPort } from './memory-call.ts'

/** How the serving end behaves. */
export interface MemoryServerOptions extends DispatchOptions {
  /** Carries messages as bytes, as a wire between processes does. @default none: both ends share the message, which neither may change */
  readonly codec?: Codec | undefined
  /** How long `close` waits for calls in flight, in milliseconds. @default 10_000 */
  readonly drainMs?: number | undefined
  /** What else this server serves: `mounted(contract, endpoints)` of other contracts, and `memoryEndpoint(…)`. @default nothing */
  readonly mount?: readonly Mounted[] | undefined
}

/** A server that is ready to listen. Throws a TypeError or RangeError when an option is out of range or an endpoint is missing. */
export function memoryServer<M extends Methods>(
  contract: Contract<M>,
  served: Endpoints<Contract<M>>,
  options?: MemoryServerOptions,
): { listen(): Promise<MemoryServer> } {
  const methods = [...mounted(contract, served), ...(options?.mount ?? [])]
  // Once now, for the sake of its checks.
  new MemoryServer(methods, options)
  return { listen: async () => new MemoryServer(methods, options) }
}

/** An endpoint without a contract, for `mount`: what the wire carries is decoded and encoded by its own options. */
export function memoryEndpoint<Req, Res>(
  endpoint: Endpoint<Req, Res>,
  options: SingleMethodOptions & SingleEndpointOptions<Req, Res>,
): Mounted {
  return { info: singleMethod(options), endpoint: hookedEndpoint(endpoint, options) }
}

/** A server that listens. Clients are given it as a value. */
export class MemoryServer implements MemoryPort, AsyncDisposable {
  readonly codec: Codec | undefined
  readonly #dispatcher: Dispatcher
  readonly #closing: Closing

  constructor(methods: readonly Mounted[], options?: MemoryServerOptions) {
    const drainMs = checkNumber('drainMs', options?.drainMs ?? 10_000, { min: 0 })
    this.#dispatcher = new Dispatcher(methods, options)
    this.codec = options?.codec
    this.#closing = new Closing(() => this.#dispatcher.drain(drainMs))
  }

  /** What the server is doing. */
  get stats(): DispatchStats {
    return this.#dispatcher.stats
  }

  /**
   * Resolves when the server has closed: after `close`, or after SIGINT or SIGTERM. Reading it says that the program ends
   * with this server: from then on those signals close it, a second one ends the process at once, and the process stays up.
   */
  get closed(): Promise<void> {
    return this.#closing.closed
  }

  /** Refuses new calls, lets those in flight end, and calls off what is left after `drainMs`. */
  close(): Promise<void> {
    return this.#closing.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing.close()
  }

  get clock(): Clock {
    return this.#dispatcher.clock
  }

  accept(call: InboundCall, now: number): ServedCall | undefined {
    return this.#dispatcher.dispatch(call, now)
  }
}
