// The suites of instancers and registrars over a real kube-apiserver, behind a front that can be away, late or senseless.
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import { kubernetesInstancer } from '../../src/discovery/kubernetes/instancer.ts'
import { kubernetesRegistrar } from '../../src/discovery/kubernetes/registrar.ts'
import { instancerCases } from '../../src/testing/conformance/instancer.ts'
import type { InstancerLack } from '../../src/testing/conformance/instancer-harness.ts'
import { registrarCases } from '../../src/testing/conformance/registrar.ts'
import { AgentFront } from '../discovery/agent-front.ts'
import { ApiServerAt } from '../discovery/api-server-at.ts'
import { listedIn, ownSlices, podSlices } from '../discovery/slices-of.ts'
import { skipUnless } from '../servers/addresses.ts'
import { KubeClient, slicesPath } from '../servers/kube-apiserver/client.ts'
import { kubeApiserver } from '../servers/kube-apiserver/kube-apiserver.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

let server: OwnServer
let client: KubeClient

async function open(...services: readonly string[]) {
  for (const service of services) await client.hold(service, [])
  const behind = new ApiServerAt(client.access)
  const front = await AgentFront.open(behind.backend, systemClock)
  return {
    clock: systemClock,
    front,
    pass: (ms: number) => systemClock.sleep(ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]()
      await behind[Symbol.asyncDispose]()
      for (const service of services) await client.hold(service, [])
    },
  }
}

const sizes = { most: 100, outageMs: 2_000 }
const listPath = `${slicesPath()}?labelSelector=kubernetes.io%2Fservice-name%3Dorders&limit=`

const writings: readonly (readonly [string, typeof podSlices, readonly InstancerLack[]])[] = [
  // Those with different ports, or of different kinds, are in different slices.
  ['slices of pods', podSlices, ['weight', 'priority', 'tags', 'metadata']],
  ['slices of registrars', ownSlices, ['atOnce']],
]

describe('discovery over Kubernetes', { ...skipUnless('kube-apiserver'), timeout: 300_000 }, () => {
  before(async () => {
    server = await ownServer(kubeApiserver)
    client = new KubeClient(server.addresses)
  })
  after(async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  for (const [what, slicesOf, without] of writings)
    describe(`kubernetesInstancer, with ${what}`, () => {
      const harness = {
        ...sizes,
        without,
        open: async () => {
          const registry = await open('orders')
          const { front } = registry
          return {
            ...registry,
            instancer: (options: object) => kubernetesInstancer({ service: 'orders', url: front.url, ...options }),
            set: (instances: readonly Instance[]) => client.hold('orders', slicesOf('orders', instances)),
            garble: (isGarbled: boolean) => front.garble(isGarbled),
            attempts: () => front.came(listPath),
            held: () => front.sockets.size,
          }
        },
      }
      for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
    })

  describe('kubernetesRegistrar', () => {
    const leaseMs = 2_000
    const harness = {
      ...sizes,
      open: async () => {
        const registry = await open('orders', 'users')
        const { front } = registry
        return {
          ...registry,
          leaseMs,
          registrar: (options: object) => kubernetesRegistrar({ url: front.url, ttlMs: leaseMs, ...options }),
          listed: async (service: string) => listedIn(await client.slices(service), service, systemClock.wallNow()),
          forget: async () => {
            await client.hold('orders', [])
            await client.hold('users', [])
          },
          attempts: () => front.came(`${slicesPath()}/orders-`),
          held: () => front.requests,
        }
      },
    }
    for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
  })
})
