// What serve is told, and what it gives.

import type { Methods } from '../core/contract.ts'
import type { EndpointsOptions } from '../core/endpoints.ts'
import type { Registrar, Registration } from '../discovery/registrar.ts'
import type { Health, HealthOptions } from '../health/health.ts'
import type { LogCallsOptions } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { RunningServer, ServerTransport } from '../transport/server-transport.ts'
import type { Advertised } from './advertised-instance.ts'
import type { ObserveOptions } from './observe.ts'
import type { ServerPipeline, ServerPipelineOptions } from './server-pipeline.ts'

/** What a service is served with. */
export interface ServeOptions<M extends Methods> extends EndpointsOptions<M> {
  /** Over which wires: `http({ port: 8080 })`. */
  readonly over: readonly ServerTransport[]
  /** Where calls, failures, start and end are logged; it is flushed at the end. @default no log; faults are printed with `console.error` */
  readonly logger?: Logger | undefined
  /** What is logged of calls; false for nothing but faults, and what no call log can see. @default a line for each call */
  readonly callLog?: Omit<LogCallsOptions, 'side'> | false | undefined
  /** What is measured of calls: other buckets, no sizes. */
  readonly measure?: ObserveOptions['measure']
  /** Where rate, errors and duration of calls are measured; it is flushed at the end. @default no metrics */
  readonly metrics?: Metrics | undefined
  /** The policies before the handlers, within what observes and around `use`; false for none. @default serverPipeline() as it is */
  readonly pipeline?: Omit<ServerPipelineOptions, 'events'> | false | undefined
  /** Where the page of `metrics` is, if it has one; false for nowhere. @default '/metrics' */
  readonly metricsPath?: `/${string}` | false | undefined
  /** A port of their own for the pages of `metrics` and `health`, so that only those within see them; 0 for any that is free. @default that of the first transport that takes handlers */
  readonly pagesPort?: number | undefined
  /** Name or address of the one interface that has that port. @default all of them */
  readonly pagesHost?: string | undefined
  /** What health depends on, or a health that others use too; false for none. It is ready as soon as every transport listens, and until the end begins. @default health() */
  readonly health?: HealthOptions | Health | false | undefined
  /** Where probes ask whether the process works; false for nowhere. @default '/livez' */
  readonly livenessPath?: `/${string}` | false | undefined
  /** Where probes ask whether calls should come; false for nowhere. @default '/readyz' */
  readonly readinessPath?: `/${string}` | false | undefined
  /** Shows on those pages what checks fail with, when and after how long. @default false */
  readonly healthDetails?: boolean | undefined
  /** Where the service is announced under the contract's name, from the moment that every transport listens until the end begins. @default nowhere */
  readonly register?: Registrar | readonly Registrar[] | undefined
  /**
   * Where others reach the service: `host:port`, a host that has the port of the first transport, or more of an instance: zone, weight, an id
   * other than the address. @default what the first transport is bound to; if that is all interfaces, the first address of this machine that others can reach
   */
  readonly advertise?: Advertised | undefined
  /**
   * How long everything is served on after the end has begun, in milliseconds, so that registries, probes and callers hear of it before calls
   * are refused. @default 2_000 with `register`, 0 without
   */
  readonly propagationMs?: number | undefined
}

/** A service that listens. Disposing it closes it. */
export interface App extends AsyncDisposable {
  /** Where the first transport is found. */
  readonly url: string
  /** In the order of `over`. */
  readonly servers: readonly RunningServer[]
  /** The policies before the handlers, to look at or to change; undefined where there are none. */
  readonly pipeline: ServerPipeline | undefined
  /** Where the page of the metrics is; undefined where there is none. */
  readonly metricsUrl: string | undefined
  /** Whether it works and should be called; undefined where that was switched off. */
  readonly health: Health | undefined
  /** Where probes ask whether it works; undefined where they cannot. */
  readonly livenessUrl: string | undefined
  /** Where probes ask whether calls should come; undefined where they cannot. */
  readonly readinessUrl: string | undefined
  /** One for each registrar, in the order of `register`. */
  readonly registrations: readonly Registration[]
  /**
   * Is not ready from then on, takes its registrations back, serves on for `propagationMs`, and then refuses new calls, lets those in flight
   * end, and flushes metrics and logs, each for ten seconds at most; pages on a port of their own stay until the last call has ended.
   * Rejects at the end with what failed first, except that a registry which cannot be told is only logged: it forgets by itself.
   */
  close(): Promise<void>
  /**
   * Resolves when the app has closed: after `close`, or after SIGINT or SIGTERM. Reading it says that the program ends with
   * this app: from then on those signals close it, a second one ends the process at once, and the process stays up.
   */
  readonly closed: Promise<void>
}
