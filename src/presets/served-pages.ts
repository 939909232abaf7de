// The pages that a served program has beside its methods: its metrics, and its health for probes.
import type { HttpRoute } from '../core/routes.ts'
import type { Health } from '../health/health.ts'
import { healthHandler } from '../health/http/health-handler.ts'
import type { MountedHandler, ServerTransport, Service } from '../transport/server-transport.ts'
import type { ServeOptions } from './serve-options.ts'

/** The page of the metrics, and those of health; undefined for what there is not. */
export interface ServedPages {
  readonly metrics: MountedHandler | undefined
  readonly liveness: MountedHandler | undefined
  readonly readiness: MountedHandler | undefined
}

/** What options say of pages. */
export type PageOptions = Pick<
  ServeOptions<never>,
  'metrics' | 'metricsPath' | 'pagesPort' | 'livenessPath' | 'readinessPath' | 'healthDetails'
>

/** The pages that options ask for. Throws a TypeError for a port of their own where there are none. */
export function servedPages(health: Health | undefined, options: PageOptions): ServedPages {
  const { livenessPath = '/livez', readinessPath = '/readyz', healthDetails: details, pagesPort } = options
  const probed = (probe: 'liveness' | 'readiness', path: `/${string}` | false): MountedHandler | undefined =>
    health === undefined || path === false ? undefined : { path, handler: healthHandler(health, { probe, details }) }
  const pages = {
    metrics: metricsPage(options),
    liveness: probed('liveness', livenessPath),
    readiness: probed('readiness', readinessPath),
  }
  if (pagesPort !== undefined && listOf(pages).length === 0)
    throw new TypeError(
      'pagesPort needs a page, and there is none: of metrics, as prometheus() or a tee with it has one, or of health',
    )
  return pages
}

function metricsPage({ metrics, metricsPath = '/metrics' }: PageOptions): MountedHandler | undefined {
  const handler = metrics?.handler
  return metricsPath === false || handler === undefined ? undefined : { path: metricsPath, handler }
}

/** The pages as a list. */
export function listOf({ metrics, liveness, readiness }: ServedPages): readonly MountedHandler[] {
  return [metrics, liveness, readiness].filter((page) => page !== undefined)
}

/** Throws a TypeError when a method has a route at the path of a page of health: it would answer some verbs there, and the page the others. */
export function checkRoutes(
  { liveness, readiness }: ServedPages,
  routes: Readonly<Record<string, readonly HttpRoute[]>>,
): void {
  for (const page of [liveness, readiness]) {
    const owner = Object.entries(routes).find(([, own]) => own.some(({ path }) => path === page?.path))
    if (owner !== undefined) throw new TypeError(`method ${owner[0]} has the path ${page?.path} of health; ${advice}`)
  }
}

/** Checks a service as its transport does; where it is the pages of health that do not fit, the TypeError says so. */
export function checkService(transport: ServerTransport, service: Service, pages: ServedPages): void {
  try {
    transport.check(service)
  } catch (thrown) {
    const isOfHealth = (page: MountedHandler) => page === pages.liveness || page === pages.readiness
    const handlers = service.handlers.filter((page) => !isOfHealth(page))
    if (handlers.length < service.handlers.length && passes(transport, { ...service, handlers }))
      throw new TypeError(`${(thrown as Error).message}; ${advice}`, { cause: thrown })
    throw thrown
  }
}

const advice = 'set livenessPath and readinessPath to others, or health to false'

function passes(transport: ServerTransport, service: Service): boolean {
  try {
    transport.check(service)
    return true
  } catch {
    return false
  }
}
