// serve: a contract and its handlers as a program, with everything that a service should have on unless it is switched off.
import type { Contract, Handlers, Methods } from '../core/contract.ts'
import { endpoints } from '../core/endpoints.ts'
import type { MethodInfo } from '../core/method.ts'
import type { Registrar } from '../discovery/registrar.ts'
import { checkLogger } from '../log/logger.ts'
import { checkNumber } from '../primitives/check.ts'
import { mounted } from '../transport/dispatch.ts'
import { http } from '../transport/http/http.ts'
import type { MountedHandler, RunningServer, ServerTransport, Service } from '../transport/server-transport.ts'
import { advertisedInstance, type Bound, checkAdvertised } from './advertised-instance.ts'
import { AppRegistrations } from './app-registrations.ts'
import { logMetrics } from './log-metrics.ts'
import { observe } from './observe.ts'
import { policyGauges } from './policy-gauges.ts'
import type { App, ServeOptions } from './serve-options.ts'
import { ServedApp } from './served-app.ts'
import { servedHealth } from './served-health.ts'
import { checkRoutes, checkService, listOf, servedPages } from './served-pages.ts'
import { serverEvents, serverMetrics } from './server-events.ts'
import { serverPipeline } from './server-pipeline.ts'

export type { App, ServeOptions } from './serve-options.ts'

/**
 * Serves a contract. Resolves when every transport listens; when one cannot, those that do are closed again and it rejects with that error.
 * It does not wait for registries: a service that is registered late is a service. Throws a TypeError or RangeError, as a rejection, for
 * options that make no sense.
 */
export async function serve<M extends Methods>(
  contract: Contract<M>,
  handlers: Handlers<Contract<M>>,
  options: ServeOptions<M>,
): Promise<App> {
  const { over, logger, metrics, pagesPort, advertise } = options
  if (logger !== undefined) checkLogger(logger)
  if (!Array.isArray(over) || over.length === 0)
    throw new TypeError('over must list at least one transport, as http({ port: 8080 })')
  const registrars = registrarsOf(options)
  checkAdvertised(advertise)
  const defaultMs = registrars.length > 0 ? 2_000 : 0
  const propagationMs = checkNumber('propagationMs', options.propagationMs ?? defaultMs, { min: 0, max: 2 ** 31 - 1 })
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
  const health = servedHealth(options.health, logger)
  const pages = servedPages(health, options)
  const host = pagesPort === undefined ? over.find(({ takesHandlers }) => takesHandlers) : undefined
  if (host !== undefined) checkRoutes(pages, contract.routes)
  const parts: (readonly [ServerTransport, Service])[] = over.map((transport: ServerTransport) => [
    transport,
    { ...events, methods: mounted(contract, served), handlers: transport === host ? listOf(pages) : [] },
  ])
  if (pagesPort !== undefined) {
    checkNumber('pagesPort', pagesPort, { min: 0, max: 65_535, integer: true })
    const only: Service = { ...events, methods: [], handlers: listOf(pages) }
    parts.push([http({ port: pagesPort, host: options.pagesHost }), only])
  }
  for (const [transport, service] of parts) checkService(transport, service, pages)
  const servers: RunningServer[] = []
  if (metrics !== undefined) held.use(serverMetrics(metrics, servers))
  if (metrics !== undefined && logger !== undefined) held.use(logMetrics(metrics, logger))
  const running = await listenAll(parts)
  servers.push(...running.slice(0, over.length))
  const pageServer = running[pagesPort === undefined ? over.indexOf(host) : over.length]
  const urlOf = (page: MountedHandler | undefined) => page && pageServer && `${pageServer.url}${page.path}`
  const urls = {
    metricsUrl: urlOf(pages.metrics),
    livenessUrl: urlOf(pages.liveness),
    readinessUrl: urlOf(pages.readiness),
  }
  for (const [index, { url }] of servers.entries())
    logger?.info('listening', { contract: contract.name, transport: over[index]?.name, url })
  if (urls.metricsUrl !== undefined) logger?.info('showing metrics', { url: urls.metricsUrl })
  const { livenessUrl: liveness, readinessUrl: readiness } = urls
  if ((liveness ?? readiness) !== undefined) logger?.info('showing health', { liveness, readiness })
  let registrations: AppRegistrations | undefined
  try {
    if (registrars.length > 0) {
      const instance = advertisedInstance(advertise, servers[0] as Bound)
      registrations = new AppRegistrations(registrars, contract.name, instance, logger)
    }
  } catch (thrown) {
    await Promise.allSettled(running.map((server) => server.close()))
    throw thrown
  }
  health?.setReady(true)
  const pageServers = running.slice(over.length)
  const made = { ...urls, health, pipeline, servers, pageServers, registrations, propagationMs, held: held.move() }
  return new ServedApp(made, options)
}

function registrarsOf({ register = [] }: Pick<ServeOptions<Methods>, 'register'>): readonly Registrar[] {
  const registrars = Array.isArray(register) ? (register as readonly Registrar[]) : [register as Registrar]
  if (registrars.every((registrar) => typeof registrar?.register === 'function')) return registrars
  throw new TypeError('register must be a registrar, as consulRegistrar(), or a list of them')
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
