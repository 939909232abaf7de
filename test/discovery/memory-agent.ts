// A Consul agent in memory, for suites that want neither a process nor real time: services, TTLs and blocking queries as Consul 1.13 has them.
import type { Clock } from '../../src/core/clock.ts'
import type { ServiceDefinition } from '../../src/discovery/consul/service-definition.ts'
import type { AgentReply, AgentRequest, Backend } from './agent-front.ts'

interface Kept {
  readonly definition: ServiceDefinition
  /** Infinity without a TTL. */
  readonly ttlMs: number
  criticalAt: number
}

const ok: AgentReply = { status: 200, body: '' }
const unknown = (what: string): AgentReply => ({ status: 404, body: `Unknown ${what}` })

/** Its node is `dev`. */
export class MemoryAgent {
  readonly #clock: Clock
  readonly #services = new Map<string, Kept>()
  readonly #waiting = new Set<() => void>()
  #index = 10

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What is behind a front. */
  readonly backend: Backend = async (request) => {
    const { pathname, searchParams } = new URL(request.path, 'http://agent.test')
    const [, area, verb, id = ''] =
      /^\/v1\/(agent|health)\/((?:check\/|service\/)?\w+)(?:\/(.*))?$/.exec(pathname) ?? []
    if (area === 'health') return this.#query(pathname.slice('/v1/health/service/'.length), searchParams, request)
    const decoded = decodeURIComponent(id)
    if (verb === 'service/register') return this.#register(JSON.parse(request.body))
    if (verb === 'service/deregister') return this.#deregister(decoded)
    if (verb === 'check/pass') return this.#pass(decoded.slice('service:'.length))
    const known = this.#services.get(decodeURIComponent(pathname.slice('/v1/agent/service/'.length)))
    return known === undefined ? unknown('service ID') : { status: 200, body: JSON.stringify(known.definition) }
  }

  /** All that it knows from now on. */
  hold(definitions: readonly ServiceDefinition[]): void {
    this.#services.clear()
    for (const definition of definitions) this.#keep(definition)
    this.#changed()
  }

  #register(definition: ServiceDefinition): AgentReply {
    const before = this.#services.get(definition.ID)
    this.#keep(definition)
    // The state of a check outlives that it is registered again.
    if (before !== undefined) (this.#services.get(definition.ID) as Kept).criticalAt = before.criticalAt
    this.#changed()
    return ok
  }

  #keep(definition: ServiceDefinition): void {
    const ttlMs = Number.parseInt(definition.Check?.TTL ?? 'Infinity', 10) || Infinity
    this.#services.set(definition.ID, { definition, ttlMs, criticalAt: this.#clock.now() + ttlMs })
  }

  #pass(id: string): AgentReply {
    const known = this.#services.get(id)
    if (known === undefined) return unknown('check ID')
    known.criticalAt = this.#clock.now() + known.ttlMs
    return ok
  }

  #deregister(id: string): AgentReply {
    if (!this.#services.delete(id)) return unknown('service ID')
    this.#changed()
    return ok
  }

  #changed(): void {
    this.#index++
    for (const wake of [...this.#waiting]) wake()
  }

  async #query(service: string, query: URLSearchParams, { signal }: AgentRequest): Promise<AgentReply> {
    if (Number(query.get('index') ?? 0) >= this.#index)
      await this.#wait(Number.parseInt(query.get('wait') ?? '', 10), signal)
    const now = this.#clock.now()
    const entries = [...this.#services.values()]
      .filter(({ definition }) => definition.Name === decodeURIComponent(service))
      .map(({ definition, criticalAt }) => ({
        Node: { Node: 'dev', Address: '127.0.0.1', Meta: {} },
        Service: definition,
        Checks: [{ Status: criticalAt <= now ? 'critical' : 'passing' }],
      }))
      .filter(({ Checks }) => !query.has('passing') || Checks[0]?.Status === 'passing')
    return { status: 200, body: JSON.stringify(entries), headers: { 'x-consul-index': String(this.#index) } }
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel()
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = this.#clock.schedule(ms, wake)
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}
