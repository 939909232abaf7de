// Clients that come and go, and instances that come and go under calls: no socket, timer, watch or memory stays behind.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { contract, endpoints, unary } from 'servicekit'
import type { Instance } from 'servicekit/discovery/instance'
import { type Instancer, instancerFrom } from 'servicekit/discovery/instancer'
import { balancedClient } from 'servicekit/presets/balanced-client'
import { eventually } from 'servicekit/testing/eventually'
import { type ManualClock, manualClock } from 'servicekit/testing/manual-clock'
import { type HttpServer, httpServer } from 'servicekit/transport/http/server'
import type { CandidatesUpdate } from '../../../src/discovery/endpointer-options.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const shop = contract('shop', { price: unary.of<number, number>({ idempotent: true }) })
const turn = () => new Promise((resolve) => setImmediate(resolve))
const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

/** What is held when nothing goes on, in bytes. */
async function memory(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    collectGarbage()
    await turn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** A registry that says what it is told to say. */
class Registry {
  /** How many watch it now. */
  watches = 0
  #instances: readonly Instance[] = []
  readonly #wake = new Set<() => void>()

  say(instances: readonly Instance[]): void {
    this.#instances = instances
    for (const wake of this.#wake) wake()
  }

  instancer(clock: ManualClock): Instancer {
    return instancerFrom('shop in memory', (signal) => this.#watch(signal), { clock })
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<readonly Instance[]> {
    this.watches++
    let news = Promise.withResolvers<void>()
    const wake = () => news.resolve()
    this.#wake.add(wake)
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        yield this.#instances
        await news.promise
        news = Promise.withResolvers()
      }
    } finally {
      this.watches--
      this.#wake.delete(wake)
    }
  }
}

describe('what comes and goes', { timeout: 120_000 }, () => {
  const servers: HttpServer[] = []
  const addresses: string[] = []

  before(async () => {
    const served = endpoints(shop, { price: (item) => item * 2 })
    for (let n = 0; n < 3; n++) servers.push(await httpServer(shop, served).listen({ host: '127.0.0.1' }))
    addresses.push(...servers.map(({ port }) => `127.0.0.1:${port}`))
  })
  after(async () => {
    for (const server of servers) await server.close()
  })
  const at = (n: number): Instance => ({ id: `i${n}`, address: addresses[n % addresses.length] as string })

  it('leaves nothing behind when it is a client, a thousand times', async () => {
    const clock = manualClock()
    const registry = new Registry()
    registry.say([at(0), at(1), at(2)])
    await using instancer = registry.instancer(clock)
    const held: number[] = []
    for (let clients = 0; clients < 1_000; clients++) {
      const client = balancedClient(shop, { instancer, clock })
      assert.deepEqual(await Promise.all([client.price(1), client.price(2)]), [2, 4])
      assert.equal(registry.watches, 1)
      // Now and then one goes in the middle of a call.
      const last = clients % 10 === 0 ? assert.rejects(client.price(3), { code: 'canceled' }) : undefined
      await Promise.all([client[Symbol.asyncDispose](), last])
      if (clients % 250 === 249) {
        assert.equal(clock.pending, 0)
        await eventually(() => registry.watches === 0 && openSockets() === 0)
        held.push(await memory())
      }
    }
    const growth = ((held.at(-1) ?? 0) - (held[1] ?? 0)) / 500
    assert.ok(growth < 1_000, `memory grew by ${growth.toFixed(0)} bytes a client: ${held.join(', ')}`)
  })

  it('leaves nothing behind when it is an instance, ten thousand times under calls', async () => {
    const clock = manualClock()
    const registry = new Registry()
    await using instancer = registry.instancer(clock)
    let joined = 0
    const onUpdate = (event: CandidatesUpdate) => {
      joined += event.joined.length
    }
    const client = balancedClient(shop, { instancer, clock, whenEmpty: 'wait', onUpdate })
    const held: number[] = []
    let calls = 0
    let most = 0
    for (let changes = 0; changes < 10_000; ) {
      const until = changes + 2_500
      let over = false
      const caller = async () => {
        while (!over) {
          const item = calls++
          assert.equal(await client.price(item), item * 2)
        }
      }
      const callers = Promise.all(Array.from({ length: 4 }, caller))
      for (; changes < until; changes++) {
        registry.say([at(changes), at(changes + 1), at(changes + 2), at(changes + 3)])
        if (changes % 50 === 0) await clock.advance(1)
        else if (changes % 5 === 0) await turn()
        // As long as it takes for a set to be heard of.
        else for (let hops = 0; hops < 20; hops++) await undefined
        if (changes % 50 === 0) most = Math.max(most, openSockets())
      }
      over = true
      await callers
      // Two ends of each connection are in this process.
      registry.say([])
      await eventually(() => clock.advance(1).then(() => openSockets() === 0))
      held.push(await memory())
    }
    assert.ok(joined >= 10_000, `only ${joined} have joined`)
    assert.ok(calls > 1_000, `only ${calls} calls`)
    assert.ok(most < 400, `${most} sockets were open at a time`)
    const growth = ((held.at(-1) ?? 0) - (held[1] ?? 0)) / 5_000
    assert.ok(growth < 200, `memory grew by ${growth.toFixed(0)} bytes a change: ${held.join(', ')}`)
    await client[Symbol.asyncDispose]()
    await eventually(() => registry.watches === 0)
    assert.equal(clock.pending, 0)
  })
})
