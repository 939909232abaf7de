// InstanceWire: the way to one instance, with the policies around each attempt, made when it is first used.
import type { Wire } from '../core/client.ts'
import type { Context } from '../core/context.ts'
import type { Endpoint, Middleware } from '../core/endpoint.ts'
import type { MethodInfo } from '../core/method.ts'

/** Of thousands of instances a client may never call most: until then one costs nothing but this. */
export class InstanceWire {
  readonly #open: () => Wire
  readonly #attempt: Middleware
  readonly #endpoints = new Map<MethodInfo, Endpoint<unknown, unknown>>()
  #wire: Wire | undefined

  /** `attempt` stands around everything that is sent to this instance. */
  constructor(open: () => Wire, attempt: Middleware) {
    this.#open = open
    this.#attempt = attempt
  }

  endpointOf({ method }: Context): Endpoint<unknown, unknown> {
    return this.#endpoints.get(method) ?? this.#connect(method)
  }

  close(): Promise<void> | void {
    return this.#wire?.close?.()
  }

  #connect(method: MethodInfo): Endpoint<unknown, unknown> {
    this.#wire ??= this.#open()
    const endpoint = this.#attempt(this.#wire.connect(method) as Endpoint<unknown, unknown>)
    this.#endpoints.set(method, endpoint)
    return endpoint
  }
}
