// The HTTP routes that a contract may declare, and the check that no two of them answer the same request.
import { checkNumber } from '../primitives/check.ts'

/** One HTTP route of a method. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Begins with a slash; a segment like `:id` is a parameter and joins the input. */
  readonly path: `/${string}`
  /** The status of a good reply. @default 200 */
  readonly status?: number | undefined
  /** Whether the input is read from the body. @default true for POST, PUT and PATCH */
  readonly body?: boolean | undefined
}

/** One route, or several that lead to the same method. @default `POST /<method>` */
export type HttpRoutes = HttpRoute | readonly HttpRoute[]

const verbs: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
// A client would resolve the segments . and .. before it sends the path.
const segmentForm = /^(?!\.{1,2}$)(?::[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._~!$&'()*+,;=@%-]+)$/

/** The routes of one method, the default one when it declares none. Throws a TypeError or RangeError that names the option. */
export function routesOf(method: string, prefix: string, declared: HttpRoutes | undefined): readonly HttpRoute[] {
  const routes = declared === undefined ? [] : [declared].flat()
  if (routes.length === 0) return [{ method: 'POST', path: `${prefix}/${method}` as `/${string}` }]
  return routes.map((route) => {
    if (!verbs.includes(route.method))
      throw new TypeError(`http.method must be one of ${verbs.join(', ')}, but is ${route.method}`)
    if (route.status !== undefined) checkNumber('http.status', route.status, { min: 200, max: 299, integer: true })
    const path = `${prefix}${checkPath('http.path', route.path)}` as `/${string}`
    checkParameters('the route', path)
    return { ...route, path }
  })
}

/** Checks a path of a route or a prefix. */
export function checkPath(option: string, path: string): string {
  const segments = path.split('/').slice(1)
  if (!path.startsWith('/')) throw new TypeError(`${option} must begin with a slash, but is ${JSON.stringify(path)}`)
  if (path !== '/' && !segments.every((segment) => segmentForm.test(segment))) {
    throw new TypeError(
      `${option} must be segments of letters, digits and marks or parameters like :id, but is ${JSON.stringify(path)}`,
    )
  }
  checkParameters(option, path)
  return path
}

function checkParameters(what: string, path: string): void {
  const names = path.split('/').filter((segment) => segment.startsWith(':'))
  if (new Set(names).size < names.length) throw new TypeError(`${what} ${path} has a parameter twice`)
}

/** What two routes have in common when they answer the same requests: parameters match whatever they are called. */
export function routeShape({ method, path }: HttpRoute): string {
  return `${method} ${path.replace(/:[^/]+/g, ':')}`
}
