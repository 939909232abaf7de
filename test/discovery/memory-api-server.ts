// A Kubernetes API server in memory that knows EndpointSlices only, for suites that want neither a process nor real time: lists by pages, watches with bookmarks, applied patches.
import type { Clock } from '../../src/core/clock.ts'
import type { EndpointSlice } from '../../src/discovery/kubernetes/endpoint-slice.ts'
import { AsyncQueue } from '../../src/primitives/async-queue.ts'
import type { AgentReply, AgentRequest, Backend } from './agent-front.ts'

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  readonly slice: EndpointSlice
}

interface Page {
  readonly version: number
  readonly rest: readonly EndpointSlice[]
}

type Watcher = (event: Event) => void

const bookmarkEveryMs = 60_000
const json = (status: number, body: object): AgentReply => ({ status, body: JSON.stringify(body) })
const refusal = (code: number, message: string): AgentReply => json(code, { kind: 'Status', code, message })

/** Its namespace is `default`. */
export class MemoryApiServer {
  readonly #clock: Clock
  readonly #slices = new Map<string, EndpointSlice>()
  readonly #watchers = new Set<Watcher>()
  readonly #pages = new Map<string, Page>()
  #events: Event[] = []
  #version = 10
  /** Watches can go on from here. */
  #oldest = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many watch. */
  get watchers(): number {
    return this.#watchers.size
  }

  get slices(): readonly EndpointSlice[] {
    return [...this.#slices.values()]
  }

  /** What is behind a front. */
  readonly backend: Backend = async (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://api.test')
    const [, name] = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/default\/endpointslices(?:\/([^/]+))?$/.exec(
      pathname,
    ) ?? [undefined, 'none']
    if (name === undefined)
      return searchParams.has('watch') ? this.#watch(searchParams, request) : this.#list(searchParams)
    if (request.method === 'PATCH') return this.#apply(name, JSON.parse(request.body))
    if (request.method === 'DELETE') return this.#delete(name, request.body)
    return refusal(404, `endpointslices.discovery.k8s.io "${name}" not found`)
  }

  /** All that it knows of a service from now on, as one after the other was written. */
  hold(service: string, slices: readonly EndpointSlice[]): void {
    const names = new Set(slices.map(({ metadata }) => metadata.name))
    for (const slice of slices) this.put(slice)
    for (const { metadata } of this.slices)
      if (labelOf(metadata, 'kubernetes.io/service-name') === service && !names.has(metadata.name))
        this.remove(metadata.name)
  }

  put(slice: EndpointSlice): void {
    const { name } = slice.metadata
    const before = this.#slices.get(name)
    const version = ++this.#version
    const metadata = { ...slice.metadata, uid: before?.metadata.uid ?? `uid-${version}`, resourceVersion: `${version}` }
    const kept = { ...slice, metadata }
    this.#slices.set(name, kept)
    this.#tell({ type: before === undefined ? 'ADDED' : 'MODIFIED', version, slice: kept })
  }

  remove(name: string): boolean {
    const slice = this.#slices.get(name)
    if (slice === undefined || !this.#slices.delete(name)) return false
    const version = ++this.#version
    this.#tell({
      type: 'DELETED',
      version,
      slice: { ...slice, metadata: { ...slice.metadata, resourceVersion: `${version}` } },
    })
    return true
  }

  /** Forgets what came before, as etcd does when it compacts: pages and watches of before are expired. */
  compact(): void {
    this.#events = []
    this.#pages.clear()
    this.#oldest = this.#version
  }

  #list(query: URLSearchParams): AgentReply {
    const limit = Number(query.get('limit') ?? Infinity)
    const token = query.get('continue')
    const page = token === null ? { version: this.#version, rest: this.#matching(query) } : this.#pages.get(token)
    if (page === undefined) return refusal(410, 'The provided continue parameter is too old')
    const rest = page.rest.slice(limit)
    const next = rest.length === 0 ? '' : `${page.version}-${rest.length}`
    if (next !== '') this.#pages.set(next, { version: page.version, rest })
    const metadata = { resourceVersion: `${page.version}`, ...(next === '' ? {} : { continue: next }) }
    return json(200, { kind: 'EndpointSliceList', metadata, items: page.rest.slice(0, limit) })
  }

  #watch(query: URLSearchParams, { signal }: AgentRequest): AgentReply {
    const from = Number(query.get('resourceVersion'))
    const queue = new AsyncQueue<string>({ capacity: 100_000 })
    const say = (type: string, object: object) => void queue.push(`${JSON.stringify({ type, object })}\n`)
    if (from < this.#oldest) {
      say('ERROR', { kind: 'Status', code: 410, message: `too old resource version: ${from} (${this.#oldest})` })
      queue.end()
      return { status: 200, body: '', more: queue }
    }
    const watcher: Watcher = ({ type, slice }) => isSelected(slice, query) && say(type, slice)
    for (const event of this.#events) if (event.version > from) watcher(event)
    this.#watchers.add(watcher)
    const bookmark = () => {
      say('BOOKMARK', { kind: 'EndpointSlice', metadata: { resourceVersion: `${this.#version}` } })
      timer = this.#clock.schedule(bookmarkEveryMs, bookmark)
    }
    let timer = this.#clock.schedule(bookmarkEveryMs, bookmark)
    const end = () => {
      for (const each of [timer, limit]) each.cancel()
      this.#watchers.delete(watcher)
      queue.end()
    }
    const limit = this.#clock.schedule(Number(query.get('timeoutSeconds')) * 1_000, end)
    signal.addEventListener('abort', end, { once: true })
    return { status: 200, body: '', more: queue }
  }

  #apply(name: string, slice: EndpointSlice): AgentReply {
    const before = this.#slices.get(name)
    if (before !== undefined && before.addressType !== slice.addressType)
      return refusal(422, `EndpointSlice "${name}" is invalid: addressType: Invalid value: field is immutable`)
    this.put(slice)
    return json(before === undefined ? 201 : 200, this.#slices.get(name) ?? {})
  }

  #delete(name: string, body: string): AgentReply {
    const { preconditions } = body === '' ? {} : JSON.parse(body)
    const version = this.#slices.get(name)?.metadata.resourceVersion
    if (version !== undefined && preconditions !== undefined && preconditions.resourceVersion !== version)
      return refusal(409, 'Precondition failed')
    return this.remove(name) ? json(200, { kind: 'Status' }) : refusal(404, `"${name}" not found`)
  }

  #matching(query: URLSearchParams): readonly EndpointSlice[] {
    return this.slices.filter((slice) => isSelected(slice, query))
  }

  #tell(event: Event): void {
    this.#events.push(event)
    for (const watcher of [...this.#watchers]) watcher(event)
  }
}

function isSelected({ metadata }: EndpointSlice, query: URLSearchParams): boolean {
  const terms = (query.get('labelSelector') ?? '').split(',').map((term) => term.split('='))
  return terms.every(([label = '', value]) => labelOf(metadata, label) === value)
}

const labelOf = ({ labels }: EndpointSlice['metadata'], label: string): string | undefined => labels?.[label]
