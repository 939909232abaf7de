// How a program says over which wires it is called, before anything listens: what `serve` takes in `over`.
import type { Handler } from '../core/handler.ts'
import type { DispatchStats, Mounted } from './dispatch.ts'
import type { ServerEvents } from './hooks.ts'

/** A Handler at a path. */
export interface MountedHandler {
  /** Begins with a slash; one that ends in `/*` is for all below it. */
  readonly path: `/${string}`
  readonly handler: Handler
}

/** What a server tells, with somebody who listens to each. */
export type ServiceEvents = { readonly [E in keyof ServerEvents]-?: NonNullable<ServerEvents[E]> }

/** What a server serves, whatever its wire. */
export interface Service extends ServiceEvents {
  readonly methods: readonly Mounted[]
  /** Empty for a transport that takes none. */
  readonly handlers: readonly MountedHandler[]
}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** Where clients find it. */
  readonly url: string
  /** What it is bound to, as `host:port`, where it is bound to anything: `0.0.0.0:8080` for all interfaces. @default what `url` says */
  readonly address?: string | undefined
  readonly stats: DispatchStats
  /** Serves on, and asks callers to go elsewhere, where the wire has words for that. @default nothing */
  leave?(): void
  /** Refuses new calls, lets those in flight end, and lets go of all connections. */
  close(): Promise<void>
}

/** A wire over which a service can be called. */
export interface ServerTransport {
  /** What errors and logs call it. */
  readonly name: string
  /** Whether it takes handlers beside methods, as HTTP does. */
  readonly takesHandlers: boolean
  /** Throws a TypeError or RangeError, before anything listens, where it cannot serve this. */
  check(service: Service): void
  /** Resolves when the server listens. */
  listen(service: Service): Promise<RunningServer>
}
