// The suites of instancers and registrars over a Eureka in memory, real sockets and virtual time.
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryEureka } from '../../../test/discovery/memory-eureka.ts'
import { instancerCases } from '../../testing/conformance/instancer.ts'
import { registrarCases } from '../../testing/conformance/registrar.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { idInPath } from '../id-in-path.ts'
import type { Instance } from '../instance.ts'
import { applicationsIn } from './applications.ts'
import { eurekaInstancer } from './instancer.ts'
import { instancesFrom } from './instances-from.ts'
import { eurekaRegistrar } from './registrar.ts'
import { registrationBody } from './registration.ts'
import { eurekaRegistry } from './registry.ts'

const seen = (instance: Instance): Instance => ({ ...instance, id: idInPath('orders', instance) })
const ttlMs = 1_000
const terms = { ttlMs: 3_600_000, secure: false, statusPath: '/', healthPath: '/' }
// With sockets all takes real time too. Ten thousand instances have a test of their own.
const sizes = { most: 500, outageMs: 5_000 }

// A request takes some turns of the event loop: so many pass before each moment of virtual time at which something is due.
const turns = 8

async function passOn(clock: ManualClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  for (;;) {
    for (let turn = 0; turn < turns; turn++) await clock.settle()
    if (clock.now() >= until) return
    await clock.advance(Math.max(0, Math.min(clock.nextAt, until) - clock.now()))
  }
}

async function open() {
  const clock = manualClock()
  const eureka = new MemoryEureka(clock)
  const front = await AgentFront.open(eureka.backend, clock)
  return {
    clock,
    eureka,
    front,
    url: `${front.url}/eureka`,
    pass: (ms: number) => passOn(clock, ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
  }
}

const kinds = {
  'eurekaInstancer by deltas': { hasDeltas: true, isShared: false },
  'eurekaInstancer of a Eureka without deltas': { hasDeltas: false, isShared: false },
  'eurekaInstancer of a shared registry': { hasDeltas: true, isShared: true },
}

for (const [title, { hasDeltas, isShared }] of Object.entries(kinds))
  describe(title, { timeout: 60_000 }, () => {
    const harness = {
      seen,
      ...sizes,
      open: async () => {
        const registry = await open()
        const { eureka, front, url, clock } = registry
        eureka.hasDeltas = hasDeltas
        const shared = isShared ? { registry: eurekaRegistry({ url, clock, pollIntervalMs: 10 }) } : undefined
        return {
          ...registry,
          instancer: (options: object) =>
            eurekaInstancer({ service: 'orders', ...(shared ?? { url, pollIntervalMs: 10 }), ...options }),
          set: async (instances: readonly Instance[]) =>
            eureka.hold(instances.map((instance) => registrationBody('orders', instance, terms, clock.wallNow()))),
          garble: (isGarbled: boolean) => front.garble(isGarbled),
          attempts: () => front.came('/eureka/apps'),
          held: () => front.sockets.size,
        }
      },
    }
    for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
  })

describe('eurekaRegistrar', { timeout: 60_000 }, () => {
  const instancesIn = instancesFrom({ upOnly: true, secure: false, address: 'ip' })
  const harness = {
    ...sizes,
    open: async () => {
      const registry = await open()
      const { eureka, front, url } = registry
      return {
        ...registry,
        // As Eureka counts it.
        leaseMs: 2 * ttlMs,
        registrar: (options: object) => eurekaRegistrar({ url, ttlMs, ...options }),
        listed: async (service: string) => {
          const path = '/eureka/apps'
          const { body } = await eureka.backend({ method: 'GET', path, body: '', signal: AbortSignal.any([]) })
          const { instances } = applicationsIn(new TextEncoder().encode(body))
          const wanted = instances.filter(({ app }) => app === service.toUpperCase())
          return instancesIn(wanted, service).map((each) => ({ ...each, id: each.id.slice(`${service}:`.length) }))
        },
        forget: async () => eureka.forget(),
        attempts: () => front.came('/eureka/apps/ORDERS/'),
        held: () => front.requests,
      }
    },
  }
  for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
})
