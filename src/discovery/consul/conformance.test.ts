// The suites of instancers and registrars over an agent in memory, real sockets and virtual time.
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryAgent } from '../../../test/discovery/memory-agent.ts'
import { passOn } from '../../../test/discovery/pass-on.ts'
import { instancerCases } from '../../testing/conformance/instancer.ts'
import { registrarCases } from '../../testing/conformance/registrar.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { consulInstancer } from './instancer.ts'
import { instancesIn } from './instances-in.ts'
import { consulRegistrar } from './registrar.ts'
import { consulId, serviceDefinition } from './service-definition.ts'

const seen = (instance: Instance): Instance => ({ ...instance, id: `dev/${consulId('orders', instance)}` })
const ttlMs = 900
// With sockets all takes real time too. Ten thousand instances have a test of their own.
const sizes = { most: 500, outageMs: 5_000 }

async function open() {
  const clock = manualClock()
  const agent = new MemoryAgent(clock)
  const front = await AgentFront.open(agent.backend, clock)
  return {
    clock,
    agent,
    front,
    pass: (ms: number) => passOn(clock, ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
  }
}

describe('consulInstancer', { timeout: 30_000 }, () => {
  const harness = {
    seen,
    ...sizes,
    open: async () => {
      const registry = await open()
      const { agent, front } = registry
      return {
        ...registry,
        instancer: (options: object) =>
          consulInstancer({ service: 'orders', url: front.url, minQueryIntervalMs: 10, ...options }),
        set: async (instances: readonly Instance[]) =>
          agent.hold(instances.map((instance) => serviceDefinition('orders', instance, undefined))),
        garble: (isGarbled: boolean) => front.garble(isGarbled),
        attempts: () => front.came('/v1/health/service/orders'),
        held: () => front.sockets.size,
      }
    },
  }
  for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
})

describe('consulRegistrar', { timeout: 30_000 }, () => {
  const harness = {
    ...sizes,
    open: async () => {
      const registry = await open()
      const { agent, front } = registry
      return {
        ...registry,
        leaseMs: ttlMs,
        registrar: (options: object) => consulRegistrar({ url: front.url, check: { ttlMs }, ...options }),
        listed: async (service: string) => {
          const path = `/v1/health/service/${service}?passing=1`
          const { body } = await agent.backend({ method: 'GET', path, body: '', signal: AbortSignal.any([]) })
          const instances = instancesIn(new TextEncoder().encode(body), { tags: [] })
          return instances.map((each) => ({ ...each, id: each.id.slice(`dev/${service}:`.length) }))
        },
        forget: async () => agent.hold([]),
        attempts: () => front.came('/v1/agent/service/register'),
        held: () => front.requests,
      }
    },
  }
  for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
})
