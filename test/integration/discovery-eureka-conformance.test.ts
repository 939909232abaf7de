// The suites of instancers and registrars over a real Eureka, behind a front that can be away, late or senseless.
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { applicationsIn } from '../../src/discovery/eureka/applications.ts'
import { eurekaInstancer } from '../../src/discovery/eureka/instancer.ts'
import { instancesFrom } from '../../src/discovery/eureka/instances-from.ts'
import { eurekaRegistrar } from '../../src/discovery/eureka/registrar.ts'
import { idInPath } from '../../src/discovery/id-in-path.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import { instancerCases } from '../../src/testing/conformance/instancer.ts'
import { registrarCases } from '../../src/testing/conformance/registrar.ts'
import { AgentFront } from '../discovery/agent-front.ts'
import { eurekaAt, hold } from '../discovery/eureka-at.ts'
import { skipUnless } from '../servers/addresses.ts'
import { eurekaWith } from '../servers/eureka/eureka-with.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

let server: OwnServer
const url = () => server.addresses['url'] as string

async function open(...services: readonly string[]) {
  for (const service of services) await hold(url(), service, [])
  const front = await AgentFront.open(eurekaAt(url()), systemClock)
  return {
    clock: systemClock,
    front,
    url: `${front.url}/eureka`,
    pass: (ms: number) => systemClock.sleep(ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]()
      for (const service of services) await hold(url(), service, [])
    },
  }
}

const sizes = { most: 100, outageMs: 2_000 }

describe('discovery over Eureka', { ...skipUnless('eureka'), timeout: 300_000 }, () => {
  before(async () => {
    server = await ownServer(eurekaWith('eureka.server.use-read-only-response-cache=false'))
  })
  after(() => server?.[Symbol.asyncDispose]())

  describe('eurekaInstancer', () => {
    const harness = {
      ...sizes,
      without: ['atOnce'] as const,
      seen: (instance: Instance): Instance => ({ ...instance, id: idInPath('orders', instance) }),
      open: async () => {
        const registry = await open('orders')
        const { front } = registry
        return {
          ...registry,
          instancer: (options: object) =>
            eurekaInstancer({ service: 'orders', url: registry.url, pollIntervalMs: 20, ...options }),
          set: (instances: readonly Instance[]) => hold(url(), 'orders', instances),
          garble: (isGarbled: boolean) => front.garble(isGarbled),
          attempts: () => front.came('/eureka/apps'),
          held: () => front.sockets.size,
        }
      },
    }
    for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
  })

  describe('eurekaRegistrar', () => {
    const leaseMs = 2_000
    const instancesIn = instancesFrom({ upOnly: true, secure: false, address: 'ip' })
    const harness = {
      ...sizes,
      open: async () => {
        const registry = await open('orders', 'users')
        const { front } = registry
        return {
          ...registry,
          leaseMs,
          registrar: (options: object) => eurekaRegistrar({ url: registry.url, ttlMs: leaseMs, ...options }),
          listed: async (service: string) => {
            const reply = await fetch(`${url()}/apps`, { headers: { accept: 'application/json' } })
            const { instances } = applicationsIn(new Uint8Array(await reply.arrayBuffer()))
            const infos = instances.filter(({ app }) => app === service.toUpperCase())
            return instancesIn(infos, service).map((each) => ({ ...each, id: each.id.slice(`${service}:`.length) }))
          },
          forget: async () => {
            await hold(url(), 'orders', [])
            await hold(url(), 'users', [])
          },
          attempts: () => front.came('/eureka/apps/ORDERS/'),
          held: () => front.requests,
        }
      },
    }
    for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
  })
})
