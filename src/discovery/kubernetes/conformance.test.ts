// The suites of instancers and registrars over an API server in memory, real sockets and virtual time.
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryApiServer } from '../../../test/discovery/memory-api-server.ts'
import { passOn } from '../../../test/discovery/pass-on.ts'
import { listedIn, ownSlices, podSlices } from '../../../test/discovery/slices-of.ts'
import { instancerCases } from '../../testing/conformance/instancer.ts'
import type { InstancerLack } from '../../testing/conformance/instancer-harness.ts'
import { registrarCases } from '../../testing/conformance/registrar.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { kubernetesInstancer } from './instancer.ts'
import { kubernetesRegistrar } from './registrar.ts'

const slicesPath = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const listPath = `${slicesPath}?labelSelector=kubernetes.io%2Fservice-name%3Dorders&limit=`
const ttlMs = 900
// With sockets all takes real time too. Ten thousand instances have a test of their own.
const sizes = { most: 500, outageMs: 5_000 }

async function open() {
  const clock = manualClock()
  const server = new MemoryApiServer(clock)
  const front = await AgentFront.open(server.backend, clock)
  return {
    clock,
    server,
    front,
    pass: (ms: number) => passOn(clock, ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
  }
}

/** How instances are written, and what is lost by that. */
const writings: readonly (readonly [string, typeof podSlices, readonly InstancerLack[]])[] = [
  ['slices of pods', podSlices, ['weight', 'priority', 'tags', 'metadata']],
  // One after the other is written.
  ['slices of registrars', ownSlices, ['atOnce']],
]

for (const [what, slicesOf, without] of writings)
  describe(`kubernetesInstancer, with ${what}`, { timeout: 60_000 }, () => {
    const harness = {
      ...sizes,
      without,
      open: async () => {
        const registry = await open()
        const { server, front } = registry
        return {
          ...registry,
          instancer: (options: object) => kubernetesInstancer({ service: 'orders', url: front.url, ...options }),
          set: async (instances: readonly Instance[]) => server.hold('orders', slicesOf('orders', instances)),
          garble: (isGarbled: boolean) => front.garble(isGarbled),
          attempts: () => front.came(listPath),
          held: () => front.sockets.size,
        }
      },
    }
    for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
  })

describe('kubernetesRegistrar', { timeout: 60_000 }, () => {
  const harness = {
    ...sizes,
    open: async () => {
      const registry = await open()
      const { clock, server, front } = registry
      return {
        ...registry,
        leaseMs: ttlMs,
        registrar: (options: object) => kubernetesRegistrar({ url: front.url, ttlMs, ...options }),
        listed: async (service: string) => listedIn(server.slices, service, clock.wallNow()),
        forget: async () => {
          server.hold('orders', [])
          server.hold('users', [])
        },
        attempts: () => front.came(`${slicesPath}/orders-`),
        held: () => front.requests,
      }
    },
  }
  for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
})
