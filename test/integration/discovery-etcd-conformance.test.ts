// The suites of instancers and registrars over real etcd, old and new, behind a front that can be away, late or senseless.
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { instanceIn, instanceText } from '../../src/discovery/etcd/instance-text.ts'
import { etcdInstancer } from '../../src/discovery/etcd/instancer.ts'
import { keyOf, prefixOf } from '../../src/discovery/etcd/keys.ts'
import { etcdRegistrar } from '../../src/discovery/etcd/registrar.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import { instancerCases } from '../../src/testing/conformance/instancer.ts'
import { registrarCases } from '../../src/testing/conformance/registrar.ts'
import { AgentFront, streamsAt } from '../discovery/agent-front.ts'
import { skipUnless } from '../servers/addresses.ts'
import { EtcdClient } from '../servers/etcd/client.ts'
import { etcd } from '../servers/etcd/etcd.ts'
import { etcd34 } from '../servers/etcd-3-4/etcd-3-4.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'

// A change of more is several, and what is seen of them is not one.
const sizes = { most: 100, outageMs: 2_000 }

// Most of their time they wait.
describe('discovery over etcd', { concurrency: 2 }, () => {
  for (const server of [etcd, etcd34])
    describe(server.name, { ...skipUnless(server.name), concurrency: 1, timeout: 300_000 }, () => {
      let own: OwnServer
      let client: EtcdClient
      before(async () => {
        own = await ownServer(server)
        client = new EtcdClient(own.addresses['url'] as string)
      })
      after(() => own[Symbol.asyncDispose]())

      async function open() {
        const front = await AgentFront.open(streamsAt(own.addresses['url'] as string), systemClock)
        const clear = async () => {
          await client.revokeAll()
          await client.hold('/services/', [])
        }
        await clear()
        return {
          clock: systemClock,
          front,
          clear,
          pass: (ms: number) => systemClock.sleep(ms),
          stop: () => front.stop(),
          start: () => front.start(),
          delay: (ms: number) => front.delay(ms),
          [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
        }
      }

      describe('etcdInstancer', () => {
        const harness = {
          ...sizes,
          open: async () => {
            const registry = await open()
            const { front } = registry
            return {
              ...registry,
              instancer: (options: object) => etcdInstancer({ service: 'orders', url: front.url, ...options }),
              set: async (instances: readonly Instance[]) => {
                const pairs = new Map(
                  instances.map((each) => [keyOf('/services', 'orders', each.id), instanceText(each)]),
                )
                await client.hold(prefixOf('/services', 'orders'), [...pairs])
              },
              garble: (isGarbled: boolean) => front.garble(isGarbled),
              attempts: () => front.came('/v3/kv/range'),
              held: () => front.sockets.size,
            }
          },
        }
        for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
      })

      describe('etcdRegistrar', () => {
        // A busy machine takes its time to renew.
        const leaseMs = 4_000
        const harness = {
          ...sizes,
          open: async () => {
            const registry = await open()
            const { front, clear } = registry
            return {
              ...registry,
              leaseMs,
              registrar: (options: object) => etcdRegistrar({ url: front.url, ttlMs: leaseMs, ...options }),
              listed: async (service: string) => {
                const pairs = await client.pairs(prefixOf('/services', service))
                return pairs.map(([, value]) => instanceIn(value, ''))
              },
              forget: clear,
              attempts: () => front.came('/v3/lease/grant'),
              held: () => front.requests,
            }
          },
        }
        for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
      })
    })
})
