// The suites of instancers and registrars over a real Consul, behind a front that can be away, late or senseless.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { consulInstancer } from '../../src/discovery/consul/instancer.ts'
import { instancesIn } from '../../src/discovery/consul/instances-in.ts'
import { consulRegistrar } from '../../src/discovery/consul/registrar.ts'
import { consulId, serviceDefinition } from '../../src/discovery/consul/service-definition.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import { instancerCases } from '../../src/testing/conformance/instancer.ts'
import { registrarCases } from '../../src/testing/conformance/registrar.ts'
import { AgentFront, agentAt } from '../discovery/agent-front.ts'
import { skipUnless } from '../servers/addresses.ts'
import { consul } from '../servers/consul/consul.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

let server: OwnServer
const url = () => server.addresses['url'] as string

async function tell(path: string, body?: object): Promise<void> {
  const reply = await fetch(url() + path, { method: 'PUT', ...(body ? { body: JSON.stringify(body) } : {}) })
  assert.equal(reply.status, 200, await reply.text())
}

async function idsOf(service: string): Promise<readonly string[]> {
  const services = (await (await fetch(`${url()}/v1/agent/services`)).json()) as Record<string, { Service: string }>
  return Object.keys(services).filter((id) => services[id]?.Service === service)
}

/** Makes the agent know these of a service, and no others. */
async function hold(service: string, instances: readonly Instance[]): Promise<void> {
  const wanted = new Set(instances.map((instance) => consulId(service, instance)))
  for (const instance of instances)
    await tell('/v1/agent/service/register', serviceDefinition(service, instance, undefined))
  for (const id of await idsOf(service))
    if (!wanted.has(id)) await tell(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)
}

async function open(...services: readonly string[]) {
  for (const service of services) await hold(service, [])
  const front = await AgentFront.open(agentAt(url()), systemClock)
  return {
    clock: systemClock,
    front,
    pass: (ms: number) => systemClock.sleep(ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]()
      for (const service of services) await hold(service, [])
    },
  }
}

const sizes = { most: 100, outageMs: 2_000 }

describe('discovery over Consul', { ...skipUnless('consul'), timeout: 300_000 }, () => {
  before(async () => {
    server = await ownServer(consul)
  })
  after(() => server[Symbol.asyncDispose]())

  describe('consulInstancer', () => {
    const harness = {
      ...sizes,
      without: ['atOnce'] as const,
      seen: (instance: Instance): Instance => ({ ...instance, id: `dev/${consulId('orders', instance)}` }),
      open: async () => {
        const registry = await open('orders')
        const { front } = registry
        return {
          ...registry,
          instancer: (options: object) =>
            consulInstancer({ service: 'orders', url: front.url, minQueryIntervalMs: 10, ...options }),
          set: (instances: readonly Instance[]) => hold('orders', instances),
          garble: (isGarbled: boolean) => front.garble(isGarbled),
          attempts: () => front.came('/v1/health/service/orders'),
          held: () => front.sockets.size,
        }
      },
    }
    for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
  })

  describe('consulRegistrar', () => {
    const leaseMs = 2_000
    const harness = {
      ...sizes,
      open: async () => {
        const registry = await open('orders', 'users')
        const { front } = registry
        return {
          ...registry,
          leaseMs,
          registrar: (options: object) => consulRegistrar({ url: front.url, check: { ttlMs: leaseMs }, ...options }),
          listed: async (service: string) => {
            const reply = await fetch(`${url()}/v1/health/service/${service}?passing=1`)
            const instances = instancesIn(new Uint8Array(await reply.arrayBuffer()), { tags: [] })
            return instances.map((each) => ({ ...each, id: each.id.slice(`dev/${service}:`.length) }))
          },
          forget: async () => {
            await hold('orders', [])
            await hold('users', [])
          },
          attempts: () => front.came('/v1/agent/service/register'),
          held: () => front.requests,
        }
      },
    }
    for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
  })
})
