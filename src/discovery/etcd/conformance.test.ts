// The suites of instancers and registrars over an etcd in memory, real sockets and virtual time.
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryEtcd } from '../../../test/discovery/memory-etcd.ts'
import { memoryGateway } from '../../../test/discovery/memory-gateway.ts'
import { passOn } from '../../../test/discovery/pass-on.ts'
import { instancerCases } from '../../testing/conformance/instancer.ts'
import { registrarCases } from '../../testing/conformance/registrar.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { instanceIn, instanceText } from './instance-text.ts'
import { etcdInstancer } from './instancer.ts'
import { keyOf, prefixOf } from './keys.ts'
import { etcdRegistrar } from './registrar.ts'

// With sockets all takes real time too. Ten thousand instances have a test of their own.
const sizes = { most: 1_200, outageMs: 5_000 }
const ttlMs = 1_000

async function open() {
  const clock = manualClock()
  const etcd = new MemoryEtcd(clock)
  const front = await AgentFront.open(memoryGateway(etcd, 400), clock)
  return {
    clock,
    etcd,
    front,
    pass: (ms: number) => passOn(clock, ms),
    stop: () => front.stop(),
    start: () => front.start(),
    delay: (ms: number) => front.delay(ms),
    [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
  }
}

const entriesOf = (etcd: MemoryEtcd, service: string) => {
  const prefix = prefixOf('/services', service)
  return etcd.range(prefix, `${prefix.slice(0, -1)}0`)
}

/** Puts these in at one revision, and removes the others. */
function hold(etcd: MemoryEtcd, service: string, instances: readonly Instance[]): void {
  const puts = instances.map((each) => ({ key: keyOf('/services', service, each.id), value: instanceText(each) }))
  const wanted = new Set(puts.map(({ key }) => key))
  const others = entriesOf(etcd, service).filter(({ key }) => !wanted.has(key))
  etcd.change(
    puts,
    others.map(({ key }) => key),
  )
}

describe('etcdInstancer', { timeout: 60_000 }, () => {
  const harness = {
    ...sizes,
    open: async () => {
      const registry = await open()
      const { etcd, front } = registry
      return {
        ...registry,
        instancer: (options: object) => etcdInstancer({ service: 'orders', url: front.url, ...options }),
        set: async (instances: readonly Instance[]) => hold(etcd, 'orders', instances),
        garble: (isGarbled: boolean) => front.garble(isGarbled),
        attempts: () => front.came('/v3/kv/range'),
        held: () => front.sockets.size,
      }
    },
  }
  for (const { name, run } of instancerCases) it(name, (test) => run(harness, test))
})

describe('etcdRegistrar', { timeout: 60_000 }, () => {
  const harness = {
    ...sizes,
    open: async () => {
      const registry = await open()
      const { etcd, front } = registry
      return {
        ...registry,
        leaseMs: ttlMs,
        registrar: (options: object) => etcdRegistrar({ url: front.url, ttlMs, ...options }),
        listed: async (service: string) => entriesOf(etcd, service).map(({ value = '' }) => instanceIn(value, '')),
        forget: async () => etcd.forget(),
        attempts: () => front.came('/v3/lease/grant'),
        held: () => front.requests,
      }
    },
  }
  for (const { name, run } of registrarCases) it(name, (test) => run(harness, test))
})
