// The suites of instancers and registrars over a real ZooKeeper, behind fronts that can be away, late or senseless.
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Instance } from '../../src/discovery/instance.ts'
import type { Registrar } from '../../src/discovery/registrar.ts'
import { worldAcl } from '../../src/discovery/zookeeper/acl.ts'
import { instanceIn, instanceText } from '../../src/discovery/zookeeper/instance-text.ts'
import { zookeeperInstancer } from '../../src/discovery/zookeeper/instancer.ts'
import { nodeName } from '../../src/discovery/zookeeper/node-name.ts'
import { addNode, getChildren, getData, removeNode, setData } from '../../src/discovery/zookeeper/operation.ts'
import { zookeeperRegistrar } from '../../src/discovery/zookeeper/registrar.ts'
import { instancerCases } from '../../src/testing/conformance/instancer.ts'
import { registrarCases } from '../../src/testing/conformance/registrar.ts'
import { TcpFront } from '../discovery/tcp-front.ts'
import { TestLink } from '../discovery/zookeeper-link.ts'
import { skipUnless } from '../servers/addresses.ts'
import { type OwnServer, ownServer } from '../servers/own-server.ts'
import { zookeeper } from '../servers/zookeeper/zookeeper.ts'

let server: OwnServer
let admin: TestLink
const url = () => server.addresses['url'] as string
const pathOf = (service: string) => `/services/${nodeName(service)}`

/** Makes these be there of a service, and no others. */
async function hold(service: string, instances: readonly Instance[]): Promise<void> {
  const { link } = admin
  const wanted = new Map(instances.map((each) => [nodeName(each.id), Buffer.from(instanceText(each, 1e6))]))
  const base = { data: Buffer.alloc(0), acl: worldAcl, mode: 'persistent' } as const
  for (const path of ['/services', pathOf(service)]) await link.request(addNode({ ...base, path }))
  const there = new Set(await link.request(getChildren(pathOf(service), false)))
  const all = []
  for (const name of there) if (!wanted.has(name)) all.push(link.request(removeNode(`${pathOf(service)}/${name}`, -1)))
  for (const [name, data] of wanted) {
    const path = `${pathOf(service)}/${name}`
    if (!there.has(name)) all.push(link.request(addNode({ ...base, path, data })))
    else if (!(await link.request(getData(path, false)))?.data.equals(data)) all.push(link.request(setData(path, data)))
  }
  await Promise.all(all)
}

async function open(count: number, ...services: readonly string[]) {
  for (const service of services) await hold(service, [])
  const [host, port] = url().split(':') as [string, string]
  const target = { host, port: Number(port) }
  const fronts = await Promise.all(Array.from({ length: count }, () => TcpFront.open(target, systemClock)))
  const all = async (tell: (front: TcpFront) => Promise<void>) => void (await Promise.all(fronts.map(tell)))
  return {
    clock: systemClock,
    fronts,
    pass: (ms: number) => systemClock.sleep(ms),
    stop: () => all((front) => front.stop()),
    start: () => all((front) => front.start()),
    delay: (ms: number) => all((front) => front.delay(ms)),
    held: () => fronts.reduce((sum, { sockets }) => sum + sockets.size, 0),
    [Symbol.asyncDispose]: async () => {
      await all((front) => front[Symbol.asyncDispose]())
      for (const service of services) await hold(service, [])
    },
  }
}

const sizes = { most: 500, outageMs: 2_000 }

describe('discovery over ZooKeeper', { ...skipUnless('zookeeper'), timeout: 300_000 }, () => {
  before(async () => {
    server = await ownServer(zookeeper)
    admin = await TestLink.open({ servers: url(), sessionTimeoutMs: 60_000 })
  })
  after(async () => {
    await admin?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  describe('zookeeperInstancer', () => {
    const harness = {
      ...sizes,
      without: ['atOnce'] as const,
      open: async () => {
        const registry = await open(1, 'orders')
        const front = registry.fronts[0] as TcpFront
        return {
          ...registry,
          instancer: (options: object) => zookeeperInstancer({ service: 'orders', servers: front.address, ...options }),
          set: (instances: readonly Instance[]) => hold('orders', instances),
          garble: (isGarbled: boolean) => front.garble(isGarbled),
          attempts: () => front.came,
        }
      },
    }
    for (const { name, run } of instancerCases) it(name, () => run(harness))
  })

  describe('zookeeperRegistrar', () => {
    const leaseMs = 2_000
    const harness = {
      ...sizes,
      open: async () => {
        const registry = await open(3, 'orders', 'users')
        const { fronts } = registry
        const made: Registrar[] = []
        return {
          ...registry,
          leaseMs,
          registrar: (options: object) => {
            const servers = (fronts[made.length] as TcpFront).address
            made.push(zookeeperRegistrar({ servers, sessionTimeoutMs: leaseMs, ...options }))
            return made.at(-1) as Registrar
          },
          listed: async (service: string) => {
            const names = (await admin.link.request(getChildren(pathOf(service), false))) ?? []
            const nodes = await Promise.all(
              names.map(
                async (name) => [name, await admin.link.request(getData(`${pathOf(service)}/${name}`, false))] as const,
              ),
            )
            return nodes.flatMap(([name, node]) =>
              node === undefined ? [] : [instanceIn(name, node.data) as Instance],
            )
          },
          forget: async () => {
            await hold('orders', [])
            await hold('users', [])
          },
          kill: async (registrar: Registrar) => fronts[made.indexOf(registrar)]?.stop(),
        }
      },
    }
    for (const { name, run } of registrarCases) it(name, () => run(harness))
  })
})
