// Finds what a request is for: by its path, then by its verb, with the segments of a path that are parameters.
import { decodeSegment } from './target.ts'

/** A place that requests can be for. */
export interface RoutePath<T> {
  /** A verb; `*` for all that no other route of the path has. */
  readonly verb: string
  /** Begins with a slash. A segment like `:id` is a parameter; a last segment `*` stands for the rest, if there is any. */
  readonly path: string
  readonly target: T
}

/** What was found. */
export interface RouteMatch<T> {
  readonly target: T
  /** Names and decoded values of the parameters. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

interface Leaf<T> {
  readonly target: T
  readonly names: readonly string[]
}

type Verbs<T> = Map<string, Leaf<T>>

/** One segment of all the paths that share the ones before it. */
interface Branch<T> {
  readonly fixed: Map<string, Branch<T>>
  any: Branch<T> | undefined
  here: Verbs<T> | undefined
  rest: Verbs<T> | undefined
}

interface Found<T> {
  readonly verbs: Verbs<T>
  readonly values: readonly string[]
}

const noParameters: RouteMatch<never>['parameters'] = []

/** Routes by path. Fixed segments win over parameters, parameters over the rest. */
export class Router<T> {
  /** Paths without parameters, as they are written. */
  readonly #whole = new Map<string, Verbs<T>>()
  readonly #root: Branch<T> = branch()

  /** Throws a TypeError when two routes answer the same requests. */
  constructor(routes: readonly RoutePath<T>[]) {
    for (const { verb, path, target } of routes) {
      const segments = path.split('/').slice(1)
      const names = segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1))
      const verbs = this.#place(segments)
      if (verbs.has(verb)) throw new TypeError(`two methods have the route ${verb} ${path}`)
      verbs.set(verb, { target, names })
      if (names.length === 0 && segments.at(-1) !== '*') this.#whole.set(path, verbs)
    }
  }

  /** What a request is for; or, when no route of its path has its verb, the verbs that they have; or undefined. Throws `invalid_argument` for a path that cannot be decoded. */
  find(verb: string, path: string): RouteMatch<T> | readonly string[] | undefined {
    const leaf = this.#whole.get(path)?.get(verb)
    if (leaf !== undefined) return { target: leaf.target, parameters: noParameters }
    // Decoded as a whole before anything is said of it: a path that nobody can read is not one that is not there.
    const found = search(this.#root, path.split('/').slice(1).map(decodeSegment), 0)
    if (found.length === 0) return undefined
    for (const { verbs, values } of found) {
      // HEAD asks for what GET gives, without the body (RFC 9110, 9.3.2).
      const matched = verbs.get(verb) ?? (verb === 'HEAD' ? verbs.get('GET') : undefined) ?? verbs.get('*')
      if (matched === undefined) continue
      return { target: matched.target, parameters: matched.names.map((name, i) => [name, values[i] ?? ''] as const) }
    }
    return allowed(found)
  }

  #place(segments: readonly string[]): Verbs<T> {
    let at = this.#root
    for (const [i, segment] of segments.entries()) {
      if (segment === '*' && i === segments.length - 1) {
        at.rest ??= new Map()
        return at.rest
      }
      if (segment.startsWith(':')) {
        at.any ??= branch()
        at = at.any
      } else {
        const name = decodeSegment(segment)
        const next = at.fixed.get(name) ?? branch()
        at.fixed.set(name, next)
        at = next
      }
    }
    at.here ??= new Map()
    return at.here
  }
}

function branch<T>(): Branch<T> {
  return { fixed: new Map(), any: undefined, here: undefined, rest: undefined }
}

/** All that a path can mean, the most special first. No deeper than the routes are, whatever is asked for. */
function search<T>(at: Branch<T>, segments: readonly string[], depth: number): Found<T>[] {
  const rest = at.rest === undefined ? [] : [{ verbs: at.rest, values: [] }]
  if (depth === segments.length) return at.here === undefined ? rest : [{ verbs: at.here, values: [] }, ...rest]
  const segment = segments[depth] ?? ''
  const fixed = at.fixed.get(segment)
  const special = fixed === undefined ? [] : search(fixed, segments, depth + 1)
  // A parameter is something: an empty segment is none.
  if (at.any === undefined || segment === '') return [...special, ...rest]
  const any = search(at.any, segments, depth + 1)
  return [...special, ...any.map(({ verbs, values }) => ({ verbs, values: [segment, ...values] })), ...rest]
}

function allowed<T>(found: readonly Found<T>[]): readonly string[] {
  const named = found.flatMap(({ verbs }) => [...verbs.keys()])
  return [...new Set([...named, ...(named.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort()
}
