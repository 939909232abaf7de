// serve: a contract and its handlers as a program, with everything that a service should have on unless it is switched off.
import type { Contract, Handlers, Methods } from '../core/contract.ts'
import { type EndpointsOptions, endpoints } from '../core/endpoints.ts'
import type { MethodInfo } from '../core/method.ts'
import type { LogCallsOptions } from '../log/log-calls.ts'
import { checkLogger, type Logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { Closing } from '../platform/closing.ts'
import { mounted } from '../transport/dispatch.ts'
import { http } from '../transport/http/http.ts'
import type { MountedHandler, RunningServer, ServerTransport, Service } from '../transport/server-transport.ts'
import { flushAtEnd } from './flush-at-end.ts'
import { logMetrics } from './log-metrics.ts'
import { type ObserveOptions, observe } from './observe.ts'
import { policyGauges } from './policy-gauges.ts'
import { serverEvents, serverMetrics } from './server-events.ts'
import { type ServerPipeline, type ServerPipelineOptions, serverPipeline } from './server-pipeline.ts'

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
  /** A port of its own for that page, so that only those within see it; 0 for any that is free. @default that of the first transport that takes handlers */
  readonly metricsPort?: number | undefined
  /** Name or address of the one interface that has that port. @default all of them */
  readonly metricsHost?: string | undefined
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
  /** Refuses new calls, lets those in flight end, and flushes metrics and logs, each for ten seconds at most. Rejects at the end with what failed first. */
  close(): Promise<void>
  /**
   * Resolves when the app has closed: after `close`, or after SIGINT or SIGTERM. Reading it says that the program ends with
   * this app: from then on those signals close it, a second one ends the process at once, and the process stays up.
   */
  readonly closed: Promise<void>
}

/**
 * Serves a contract. Resolves when every transport listens; when one cannot, those that do are closed again and it rejects with that error.
 * Throws a TypeError or RangeError, as a rejection, for options that make no sense.
 */
export async function serve<M extends Methods>(
  contract: Contract<M>,
  handlers: Handlers<Contract<M>>,
  options: ServeOptions<M>,
): Promise<App> {
  const { over, logger, metrics, metricsPort } = options
  if (logger !== undefined) checkLogger(logger)
  if (!Array.isArray(over) || over.length === 0)
    throw new TypeError('over must list at least one transport, as http({ port: 8080 })')
  const watch = observe({ logger, metrics, callLog: options.callLog, measure: options.measure })
  using held = new DisposableStack()
  const { pipeline: asked = {} } = options
  const pipeline = asked === false ? undefined : held.use(serverPipeline({ ...asked, events: watch.events }))
  const all = Object.values(contract.info) as MethodInfo[]
  if (metrics !== undefined && pipeline !== undefined)
    held.use(policyGauges(pipeline.policies, { metrics, side: 'server', service: contract.name, methods: all }))
  const use = [watch, ...(pipeline?.use ?? []), ...(options.use ?? [])]
  const served = endpoints(contract, handlers, { ...options, use })
  const methods = new Set<MethodInfo>(all)
  const events = serverEvents(logger, metrics, { methods, isLogged: options.callLog !== false })
  const page = pageOf(options)
  const host = metricsPort === undefined ? over.find(({ takesHandlers }) => takesHandlers) : undefined
  const parts: (readonly [ServerTransport, Service])[] = over.map((transport: ServerTransport) => [
    transport,
    { ...events, methods: mounted(contract, served), handlers: page !== undefined && transport === host ? [page] : [] },
  ])
  if (page !== undefined && metricsPort !== undefined) {
    const only: Service = { ...events, methods: [], handlers: [page] }
    parts.push([http({ port: metricsPort, host: options.metricsHost }), only])
  }
  for (const [transport, service] of parts) transport.check(service)
  const servers: RunningServer[] = []
  if (metrics !== undefined) held.use(serverMetrics(metrics, servers))
  if (metrics !== undefined && logger !== undefined) held.use(logMetrics(metrics, logger))
  const running = await listenAll(parts)
  servers.push(...running.slice(0, over.length))
  const pageServer = running[metricsPort === undefined ? over.indexOf(host) : over.length]
  const metricsUrl = page && pageServer && `${pageServer.url}${page.path}`
  for (const [index, { url }] of servers.entries())
    logger?.info('listening', { contract: contract.name, transport: over[index]?.name, url })
  if (metricsUrl !== undefined) logger?.info('showing metrics', { url: metricsUrl })
  return new ServedApp(servers, running.slice(over.length), { metricsUrl, pipeline }, held.move(), options)
}

/** The page of the metrics. Throws a TypeError for options about a page that there is not. */
function pageOf({ metrics, metricsPath = '/metrics', metricsPort }: ServeOptions<Methods>): MountedHandler | undefined {
  const handler = metrics?.handler
  if (metricsPath === false || handler === undefined) {
    if (metricsPort === undefined) return undefined
    throw new TypeError(
      'metricsPort needs metrics that have a page, as prometheus() or a tee with it has, and a metricsPath',
    )
  }
  return { path: metricsPath, handler }
}

/** All or none. */
async function listenAll(parts: readonly (readonly [ServerTransport, Service])[]): Promise<readonly RunningServer[]> {
  const running: RunningServer[] = []
  try {
    for (const [transport, service] of parts) running.push(await transport.listen(service))
  } catch (thrown) {
    await Promise.allSettled(running.map((server) => server.close()))
    throw thrown
  }
  return running
}

class ServedApp implements App {
  readonly servers: readonly RunningServer[]
  readonly pipeline: ServerPipeline | undefined
  readonly metricsUrl: string | undefined
  readonly #closing: Closing

  /** `pages` are those that only show metrics; `held` is disposed when all has been counted. */
  constructor(
    servers: readonly RunningServer[],
    pages: readonly RunningServer[],
    { metricsUrl, pipeline }: Pick<App, 'metricsUrl' | 'pipeline'>,
    held: Disposable,
    { logger, metrics }: Pick<ServeOptions<Methods>, 'logger' | 'metrics'>,
  ) {
    this.servers = servers
    this.metricsUrl = metricsUrl
    this.pipeline = pipeline
    this.#closing = new Closing(async () => {
      logger?.info('closing')
      const ends = await Promise.allSettled(this.servers.map((server) => server.close()))
      // The page stays until the last call has been counted.
      ends.push(...(await Promise.allSettled(pages.map((server) => server.close()))))
      ends.push(await flushAtEnd(() => metrics?.flush?.()))
      held[Symbol.dispose]()
      logger?.info('closed')
      ends.push(await flushAtEnd(() => logger?.flush()))
      const failed = ends.find((end) => end.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    })
  }

  get url(): string {
    return this.servers[0]?.url ?? ''
  }

  get closed(): Promise<void> {
    return this.#closing.closed
  }

  close(): Promise<void> {
    return this.#closing.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing.close()
  }
}
