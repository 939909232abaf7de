// The suites of instancers and registrars over a ZooKeeper in memory, real sockets and virtual time.
import { describe, it } from 'node:test'
import { MemoryZookeeper } from '../../../test/discovery/memory-zookeeper.ts'
import { TcpFront } from '../../../test/discovery/tcp-front.ts'
import { instancerCases } from '../../testing/conformance/instancer.ts'
import { registrarCases } from '../../testing/conformance/registrar.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { type Instance, inOrder } from '../instance.ts'
import type { Registrar } from '../registrar.ts'
import { instanceIn, instanceText } from './instance-text.ts'
import { zookeeperInstancer } from './instancer.ts'
import { nodeName } from './node-name.ts'
import { zookeeperRegistrar } from './registrar.ts'

// With sockets all takes real time too. Ten thousand instances have a test of their own.
const sizes = { most: 500, outageMs: 5_000 }
const sessionTimeoutMs = 900

// A request takes some turns of the event loop, on both sides of the front: so many pass before each moment of virtual time at which something is due.
const turns = 16

async function passOn(clock: ManualClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  for (;;) {
    for (let turn = 0; turn < turns; turn++) await clock.settle()
    if (clock.now() >= until) return
    await clock.advance(Math.max(0, Math.min(clock.nextAt, until) - clock.now()))
  }
}

async function open(count: number) {
  const clock = manualClock()
  const zookeeper = await MemoryZookeeper.open(clock)
  const target = { host: '127.0.0.1', port: zookeeper.port }
  const fronts = await Promise.all(Array.from({ length: count }, () => TcpFront.open(target, clock)))
  const all = async (tell: (front: TcpFront) => Promise<void>) => void (await Promise.all(fronts.map(tell)))
  return {
    clock,
    zookeeper,
    fronts,
    pass: (ms: number) => passOn(clock, ms),
    stop: () => all((front) => front.stop()),
    start: () => all((front) => front.start()),
    delay: (ms: number) => all((front) => front.delay(ms)),
    held: () => fronts.reduce((sum, { sockets }) => sum + sockets.size, 0),
    [Symbol.asyncDispose]: async () => {
      await all((front) => front[Symbol.asyncDispose]())
      await zookeeper[Symbol.asyncDispose]()
    },
  }
}

describe('zookeeperInstancer', { timeout: 60_000 }, () => {
  const harness = {
    ...sizes,
    // Each node comes and goes by itself.
    without: ['atOnce'] as const,
    open: async () => {
      const registry = await open(1)
      const front = registry.fronts[0] as TcpFront
      const path = '/services/orders'
      return {
        ...registry,
        instancer: (options: object) =>
          zookeeperInstancer({ service: 'orders', servers: front.address, sessionTimeoutMs, ...options }),
        set: async (instances: readonly Instance[]) => {
          const { nodes } = registry.zookeeper
          nodes.ensure(path)
          const wanted = new Map(inOrder(instances).map((each) => [nodeName(each.id), instanceText(each, 1e6)]))
          for (const name of nodes.children(path)) if (!wanted.has(name)) nodes.remove(`${path}/${name}`)
          const there = new Set(nodes.children(path))
          for (const [name, text] of wanted) {
            const data = Buffer.from(text)
            if (!there.has(name)) nodes.create(`${path}/${name}`, data, 0n)
            else if (!nodes.find(`${path}/${name}`).data.equals(data)) nodes.write(`${path}/${name}`, data)
          }
        },
        garble: (isGarbled: boolean) => front.garble(isGarbled),
        attempts: () => front.came,
      }
    },
  }
  for (const { name, run } of instancerCases) it(name, () => run(harness))
})

describe('zookeeperRegistrar', { timeout: 60_000 }, () => {
  const harness = {
    ...sizes,
    open: async () => {
      const registry = await open(3)
      const { zookeeper, fronts } = registry
      const made: Registrar[] = []
      return {
        ...registry,
        leaseMs: sessionTimeoutMs,
        registrar: (options: object) => {
          const servers = (fronts[made.length] as TcpFront).address
          made.push(zookeeperRegistrar({ servers, sessionTimeoutMs, ...options }))
          return made.at(-1) as Registrar
        },
        listed: async (service: string) => {
          const path = `/services/${nodeName(service)}`
          zookeeper.nodes.ensure(path)
          return zookeeper.nodes
            .children(path)
            .map((name) => instanceIn(name, zookeeper.nodes.find(`${path}/${name}`).data) as Instance)
        },
        forget: async () => zookeeper.loseMemory(),
        kill: async (registrar: Registrar) => fronts[made.indexOf(registrar)]?.stop(),
        attempts: () => zookeeper.asked.filter((each) => each.startsWith('1 ')).length,
      }
    },
  }
  for (const { name, run } of registrarCases) it(name, () => run(harness))
})
