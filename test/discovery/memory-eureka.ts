// A Eureka in memory, for suites that want neither a process nor real time: leases, overrides, the queue of recent changes and the hash, as Eureka 2.0 has them.
import type { Clock } from '../../src/core/clock.ts'
import type { RegistrationBody } from '../../src/discovery/eureka/registration.ts'
import type { AgentReply, AgentRequest, Backend } from './agent-front.ts'

/** As it was registered, with what the server adds. */
type Instance = RegistrationBody['instance']

interface Lease {
  instance: Instance
  readonly durationMs: number
  renewedAt: number
}

interface Change {
  readonly at: number
  readonly lease: Lease
  readonly key: string
}

const ok: AgentReply = { status: 200, body: '' }
const notFound: AgentReply = { status: 404, body: '' }
const retentionMs = 180_000

/** Below `/eureka`. A lease ends after twice its duration, which is Eureka's way. */
export class MemoryEureka {
  readonly #clock: Clock
  readonly #leases = new Map<string, Lease>()
  readonly #overrides = new Map<string, string>()
  #changes: Change[] = []
  #version = 0
  /** Whether it tells changes. */
  hasDeltas = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What is behind a front. */
  readonly backend: Backend = async (request) => {
    this.#evict()
    const { pathname, searchParams } = new URL(request.path, 'http://eureka.test')
    const [, app, id, status] = /^\/eureka\/apps(?:\/([^/]+)(?:\/([^/]+)(\/status)?)?)?$/.exec(pathname) ?? []
    if (!pathname.startsWith('/eureka/apps')) return notFound
    if (app === undefined) return this.#all()
    if (app === 'delta') return this.#delta()
    if (id === undefined) return request.method === 'POST' ? this.#register(app, request) : this.#all(app)
    const key = `${app}/${decodeURIComponent(id)}`
    if (status !== undefined) return this.#override(key, request.method, searchParams.get('value') ?? 'UNKNOWN')
    if (request.method === 'PUT') return this.#renew(key, searchParams)
    if (request.method === 'DELETE') return this.#cancel(key) ? ok : notFound
    const lease = this.#leases.get(key)
    return lease === undefined ? notFound : json({ instance: lease.instance })
  }

  /** All that it has from now on, each as it would be told by a delta. */
  hold(bodies: readonly RegistrationBody[]): void {
    this.#evict()
    const wanted = new Map(bodies.map(({ instance }) => [`${instance.app}/${instance.instanceId}`, instance]))
    for (const key of [...this.#leases.keys()]) if (!wanted.has(key)) this.#cancel(key)
    for (const [key, instance] of wanted) this.#put(key, instance)
  }

  /** Loses all, as it does when it is started again. */
  forget(): void {
    this.#leases.clear()
    this.#overrides.clear()
    this.#changes = []
    this.#version = 0
  }

  /** Takes one away without telling it in a delta. */
  lose(key: string): void {
    this.#leases.delete(key)
  }

  /** As a renewal does that finds a status which an override has changed: no delta tells it. */
  drift(key: string, status: string): void {
    const lease = this.#leases.get(key)
    if (lease !== undefined) lease.instance = { ...lease.instance, status }
  }

  #register(app: string, { body }: AgentRequest): AgentReply {
    const { instance } = JSON.parse(body) as RegistrationBody
    if (instance.app !== app) return { status: 400, body: `Mismatched appName, expecting ${app}` }
    this.#put(`${app}/${instance.instanceId}`, instance)
    return { status: 204, body: '' }
  }

  #put(key: string, given: Instance): void {
    const before = this.#leases.get(key)?.instance
    const isOlder = before !== undefined && dirtyAt(before) > dirtyAt(given)
    const status = this.#overrides.get(key) ?? given['status']
    const instance = isOlder ? before : { ...given, status }
    const seconds = (instance['leaseInfo'] as { readonly durationInSecs: number }).durationInSecs
    const lease = { instance, durationMs: seconds * 1_000, renewedAt: this.#clock.now() }
    this.#leases.set(key, lease)
    this.#changed(key, lease, 'ADDED')
  }

  #renew(key: string, query: URLSearchParams): AgentReply {
    const lease = this.#leases.get(key)
    if (lease === undefined || lease.instance['status'] === 'UNKNOWN') return notFound
    lease.renewedAt = this.#clock.now()
    return Number(query.get('lastDirtyTimestamp') ?? 0) > dirtyAt(lease.instance) ? notFound : ok
  }

  #override(key: string, method: string, status: string): AgentReply {
    const lease = this.#leases.get(key)
    if (lease === undefined) return notFound
    if (method === 'PUT') this.#overrides.set(key, status)
    else if (!this.#overrides.delete(key)) return ok
    lease.renewedAt = this.#clock.now()
    lease.instance = { ...lease.instance, status }
    this.#changed(key, lease, 'MODIFIED')
    return ok
  }

  #cancel(key: string): boolean {
    const lease = this.#leases.get(key)
    if (lease === undefined) return false
    this.#leases.delete(key)
    this.#overrides.delete(key)
    this.#changed(key, lease, 'DELETED')
    return true
  }

  #evict(): void {
    const now = this.#clock.now()
    for (const [key, { renewedAt, durationMs }] of [...this.#leases])
      if (now > renewedAt + 2 * durationMs) this.#cancel(key)
  }

  /** What a change is, is written into the instance: the whole registry shows it too. */
  #changed(key: string, lease: Lease, actionType: string): void {
    const at = this.#clock.now()
    lease.instance = { ...lease.instance, actionType }
    this.#changes = this.#changes.filter((change) => at - change.at <= retentionMs)
    this.#changes.push({ at, lease, key })
  }

  #all(app?: string): AgentReply {
    const leases = [...this.#leases.values()].filter(({ instance }) => app === undefined || instance.app === app)
    if (app === undefined) return json(this.#applications(leases, 1))
    return leases.length === 0
      ? notFound
      : json({ application: { name: app, instance: leases.map(({ instance }) => instance) } })
  }

  #delta(): AgentReply {
    if (!this.hasDeltas) return { status: 403, body: '' }
    const now = this.#clock.now()
    // Of each the last change: it is a set of instances that is told.
    const last = new Map<string, Lease>()
    for (const { at, key, lease } of this.#changes) {
      last.delete(key)
      if (now - at <= retentionMs) last.set(key, lease)
    }
    return json(this.#applications([...last.values()], ++this.#version))
  }

  #applications(leases: readonly Lease[], version: number): object {
    const application = [...Map.groupBy(leases, ({ instance }) => instance.app)].map(([name, group]) => ({
      name,
      instance: group.map(({ instance }) => instance),
    }))
    return { applications: { versions__delta: String(version), apps__hashcode: this.#hash(), application } }
  }

  #hash(): string {
    const statuses = [...this.#leases.values()].map(({ instance }) => String(instance['status']))
    const counts = [...Map.groupBy(statuses, (status) => status)].map(([status, { length }]) => `${status}_${length}_`)
    return counts.sort().join('')
  }
}

const dirtyAt = (instance: Instance): number => Number(instance['lastDirtyTimestamp'])

const json = (value: unknown): AgentReply => ({
  status: 200,
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
})
