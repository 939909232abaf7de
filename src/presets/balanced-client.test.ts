import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import { contract, unary } from '../core/contract.ts'
import { ServiceError } from '../core/errors.ts'
import { attempt } from '../core/inbound.ts'
import { explain } from '../discovery/explain.ts'
import { leastLoaded } from '../discovery/least-loaded.ts'
import { peakEwma } from '../discovery/peak-ewma.ts'
import { roundRobin } from '../discovery/round-robin.ts'
import { logger } from '../log/logger.ts'
import { registry as metricsRegistry } from '../metrics/registry.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { simulation } from '../testing/simulator/simulation.ts'
import type { ClientTransport } from '../transport/client-transport.ts'
import { httpClients } from '../transport/http/clients.ts'
import { type BalancedClientOptions, balancedClient } from './balanced-client.ts'

const shop = contract('shop', {
  price: unary({ input: z.object({ item: z.string() }), output: z.number(), idempotent: true }),
  order: unary.of<string, string>(),
})

/** Instances that do what a test says, at addresses that it says. */
function setup(options: Partial<BalancedClientOptions> = {}) {
  const clock = manualClock()
  const registry = new PlayedRegistry(clock)
  const asked: string[] = []
  const closed: string[] = []
  const fail = new Map<string, () => unknown>()
  const over: ClientTransport = {
    name: 'played',
    wire: (_contract, { address }) => ({
      connect:
        ({ name }) =>
        async (request, ctx) => {
          asked.push(`${address} ${name} ${ctx.get(attempt)}`)
          const thrown = fail.get(address)?.()
          if (thrown !== undefined) throw thrown
          return name === 'price' ? 5 : `${request} at ${address}`
        },
      close: () => void closed.push(address),
    }),
  }
  const client = balancedClient(shop, {
    instancer: registry.instancer,
    over,
    balancer: roundRobin(),
    clock,
    ...options,
    pipeline: options.pipeline === false ? false : { retry: { backoff: { initialMs: 0 } }, ...options.pipeline },
  })
  return { clock, registry, asked, closed, fail, client }
}

const down =
  (retry: 'safe' | 'if_idempotent' = 'safe') =>
  () =>
    new ServiceError('unavailable', 'down', { retry })

describe('balancedClient', () => {
  it('calls the instances of a service, and lets go of them', async () => {
    const { registry, client, asked, closed } = setup()
    await registry.say('a:1', 'b:1')
    assert.equal(await client.price({ item: 'x' }), 5)
    assert.equal(await client.order('y'), 'y at b:1')
    assert.deepEqual(asked, ['a:1 price 1', 'b:1 order 1'])
    await registry.say('b:1')
    assert.deepEqual(closed, ['a:1'])
    await client[Symbol.asyncDispose]()
    assert.deepEqual(closed, ['a:1', 'b:1'])
    await registry.clock.advance(0)
    assert.equal(registry.open, 0)
    assert.equal(registry.clock.pending, 0)
  })

  it('makes each further attempt elsewhere, and says which one it is', async () => {
    const { registry, client, asked, fail, clock } = setup()
    await registry.say('a:1', 'b:1', 'c:1')
    fail.set('a:1', down()).set('b:1', down('if_idempotent'))
    const price = client.price({ item: 'x' })
    await clock.advance(0)
    assert.equal(await price, 5)
    assert.deepEqual(asked, ['a:1 price 1', 'b:1 price 2', 'c:1 price 3'])
    await client[Symbol.asyncDispose]()
  })

  it('goes elsewhere where there is no way to an instance, and gives that one a rest', async () => {
    const opened: string[] = []
    const { registry, client, clock } = setup({
      balancer: peakEwma(),
      over: {
        name: 'picky',
        wire: (_contract, { address }) => {
          opened.push(address)
          if (address === 'bad:1') throw new TypeError('no such address')
          return { connect: () => async () => address }
        },
      },
    })
    await registry.say('a:1', 'bad:1', 'c:1')
    const answers = new Set<string>()
    for (let calls = 0; calls < 30; calls++) {
      const answer = client.order('x')
      await clock.advance(1)
      answers.add(await answer)
    }
    assert.deepEqual([...answers].toSorted(), ['a:1', 'c:1'])
    assert.ok(opened.filter((address) => address === 'bad:1').length < 10)
    await registry.say('bad:1')
    const failed = assert.rejects(client.order('x'), {
      code: 'unavailable',
      message: /bad:1 at bad:1 cannot be called/,
    })
    await clock.advance(1_000)
    await failed
    await client[Symbol.asyncDispose]()
  })

  it('logs once that an instance could not be connected, by its health or when it is first called', async () => {
    const log = logRecorder()
    const heard: string[] = []
    let failing = true
    const { registry, client, clock } = setup({
      logger: logger(log),
      callLog: false,
      health: ({ id }) => {
        if (failing && id === 'a:1') throw new TypeError('no probe')
        return { healthy: true, onChange() {}, describe: () => undefined, [Symbol.dispose]() {} }
      },
      over: {
        name: 'picky',
        wire: (_contract, { address }) => {
          if (address === 'bad:1') throw new TypeError('no such address')
          return { connect: () => async () => address }
        },
      },
      onConnectError: ({ instance }) => heard.push(instance.id),
    })
    const warned = () =>
      log.entries
        .filter(({ message }) => message === 'an instance could not be connected')
        .map(({ level, fields }) => `${level} ${fields['instance']} ${fields['error']}`)
    const first = 'warn a:1 TypeError: no probe'
    const second = 'warn bad:1 TypeError: no such address'
    await registry.say('a:1', 'bad:1', 'c:1')
    await clock.advance(10_000)
    assert.deepEqual(new Set(heard), new Set(['a:1']))
    assert.ok(heard.length > 1)
    assert.deepEqual(warned(), [first])
    for (let calls = 0; calls < 4; calls++) {
      const answer = client.order('x')
      await clock.advance(1)
      assert.equal(await answer, 'c:1')
    }
    assert.deepEqual(warned(), [first, second])
    failing = false
    await clock.advance(200_000)
    assert.equal(explain(client).instances.length, 3)
    await registry.say('bad:1', 'c:1')
    failing = true
    await registry.say('a:1', 'bad:1', 'c:1')
    assert.deepEqual(warned(), [first, second, first])
    await client[Symbol.asyncDispose]()
    await clock.advance(0)
    assert.equal(clock.pending, 0)
  })

  it('does not repeat what may have run and must not run twice', async () => {
    const { registry, client, asked, fail, clock } = setup()
    await registry.say('a:1', 'b:1')
    fail.set('a:1', down('if_idempotent'))
    const failed = assert.rejects(client.order('x'), { code: 'unavailable', remote: 'shop/order' })
    await clock.advance(0)
    await failed
    assert.deepEqual(asked, ['a:1 order 1'])
    await client[Symbol.asyncDispose]()
  })

  it('gives an instance that fails a rest, then probes it, and takes it back', async () => {
    const changes: string[] = []
    const { registry, client, asked, fail, clock } = setup({
      pipeline: {
        circuitBreaker: {
          consecutiveFailures: 2,
          openMs: 5_000,
          jitterRatio: 0,
          probes: 1,
          onStateChange: ({ key, to }) => changes.push(`${key} ${to}`),
        },
      },
    })
    await registry.say('a:1', 'b:1', 'c:1')
    fail.set('a:1', down())
    const call = async () => {
      const answer = client.price({ item: 'x' })
      await clock.advance(0)
      return await answer
    }
    for (let calls = 0; calls < 9; calls++) await call()
    assert.equal(asked.filter((each) => each.startsWith('a:1')).length, 2)
    assert.deepEqual(changes, ['a:1 open'])
    const resting = explain(client).instances[0]
    assert.deepEqual([resting?.healthy, resting?.reason], [false, 'circuit open for another 5s'])
    fail.clear()
    await clock.advance(5_000)
    assert.match(explain(client).instances[0]?.reason ?? '', /^circuit half open/)
    for (let calls = 0; calls < 3; calls++) await call()
    assert.deepEqual(changes, ['a:1 open', 'a:1 half_open', 'a:1 closed'])
    assert.equal(explain(client).instances[0]?.reason, undefined)
    await client[Symbol.asyncDispose]()
    await clock.advance(0)
    assert.equal(clock.pending, 0)
  })

  it('calls all where all have failed, and says what they failed with', async () => {
    const { registry, client, fail, clock, asked } = setup({
      pipeline: { circuitBreaker: { consecutiveFailures: 1 } },
    })
    await registry.say('a:1', 'b:1')
    fail.set('a:1', down()).set('b:1', down())
    for (let calls = 0; calls < 3; calls++) {
      const failed = assert.rejects(client.price({ item: 'x' }), /down/)
      await clock.advance(0)
      await failed
    }
    assert.equal(explain(client).panic, true)
    assert.ok(asked.length >= 6)
    await client[Symbol.asyncDispose]()
  })

  it('has no policies where they are switched off, and still picks and watches', async () => {
    const metrics = metricsRegistry()
    const { registry, client, asked, fail } = setup({ pipeline: false, metrics })
    await registry.say('a:1', 'b:1')
    fail.set('a:1', down())
    await assert.rejects(client.price({ item: 'x' }), /down/)
    assert.equal(await client.price({ item: 'x' }), 5)
    assert.deepEqual(asked, ['a:1 price 1', 'b:1 price 1'])
    assert.ok(metrics.collect().some(({ spec }) => spec.name === 'rpc.client.call.duration'))
    assert.equal(explain(client).instances[0]?.healthy, true)
    await client[Symbol.asyncDispose]()
  })

  it('shows how many instances there are and which circuits are open, and logs what changes', async () => {
    const metrics = metricsRegistry()
    const lines: string[] = []
    const log = logger({ write: ({ level, message }) => void lines.push(`${level} ${message}`) })
    const { registry, client, fail, clock } = setup({
      metrics,
      logger: log,
      callLog: false,
      pipeline: { circuitBreaker: { consecutiveFailures: 1 } },
    })
    await registry.say('a:1', 'b:1', 'c:1')
    fail.set('a:1', down())
    const answer = client.price({ item: 'x' })
    await clock.advance(0)
    await answer
    await registry.fail(new Error('gone'))
    const value = (name: string) => {
      const found = metrics.collect().find(({ spec }) => spec.name === name)
      return JSON.stringify(
        found?.series.map((each) => ['values' in each && each.values, 'value' in each && each.value]),
      )
    }
    assert.equal(value('rpc.client.instances'), '[[["shop","known"],3],[["shop","admitted"],2]]')
    assert.equal(value('rpc.client.open_circuits'), '[[["shop"],1]]')
    assert.deepEqual(lines, [
      'info instances changed',
      'warn circuit open',
      'info health of instances changed',
      'warn the lookup of instances fails',
    ])
    await client[Symbol.asyncDispose]()
  })

  it('chooses by what it has seen: a slow instance gets little, one that fails at once too', async () => {
    const sim = simulation({ seed: 3 })
    const leaf = sim.server('leaf', { instances: 4, slots: 16, serviceMs: 10, idempotent: true })
    leaf.instance(0).slow(20)
    leaf.instance(1).fail(0.5)
    const client = balancedClient(leaf.contract, {
      instancer: leaf.instancer,
      over: leaf.transport(),
      clock: sim.clock,
      pipeline: { random: sim.random('pipeline') },
    })
    sim.load('callers', { perSecond: 1_000, call: client.call })
    await sim.run(2_000)
    const report = await sim.run(5_000)
    assert.equal(report.load('callers').successRatio, 1)
    const arrived = report.server('leaf').arrivedAt
    const all = arrived.reduce((sum, each) => sum + each, 0)
    assert.ok((arrived[0] ?? 0) / all < 0.02, `the slow one got ${arrived}`)
    assert.ok((arrived[1] ?? 0) / all < 0.05, `the failing one got ${arrived}`)
    await client[Symbol.asyncDispose]()
  })

  for (const balancer of [roundRobin, leastLoaded, peakEwma])
    it(`serves all calls with the one instance that is left of three (${balancer.name})`, async () => {
      const sim = simulation({ seed: 4 })
      const leaf = sim.server('leaf', { instances: 3, slots: 16, serviceMs: 10, idempotent: true })
      const client = balancedClient(leaf.contract, {
        instancer: leaf.instancer,
        over: leaf.transport(),
        clock: sim.clock,
        balancer: balancer({ random: sim.random('balancer') }),
        pipeline: { random: sim.random('pipeline') },
      })
      sim.load('callers', { perSecond: 200, call: client.call })
      await sim.run(2_000)
      leaf.instance(0).kill()
      leaf.instance(1).kill()
      const report = await sim.run(20_000)
      assert.deepEqual(report.load('callers').failures, {})
      // Their circuits are open most of the time: what comes to them are probes.
      const [first = 0, second = 0] = report.server('leaf').arrivedAt
      assert.ok(first + second < 150, `${first + second} calls were sent to those that are dead`)
      await client[Symbol.asyncDispose]()
    })

  it('refuses options that make no sense', () => {
    assert.throws(() => balancedClient(shop, {} as never), /instancer must be one/)
    assert.throws(() => setup({ pipeline: { circuitBreaker: { openMs: 0 } } }), /circuitBreaker\.openMs must be/)
    assert.throws(() => setup({ whenEmpty: 'no' as never }), /whenEmpty must be/)
    assert.throws(() => setup({ balancer: roundRobin as never }), /balancer must be one/)
    for (const over of [null, httpClients])
      assert.throws(() => setup({ over: over as never }), /over must be a transport/)
    for (const given of [null, true, 5])
      assert.throws(() => setup({ outliers: given as never }), /outliers must be options/)
    const { instancer } = new PlayedRegistry(manualClock())
    for (const pipeline of [null, true, 'none'])
      assert.throws(
        () => balancedClient(shop, { instancer, pipeline: pipeline as never }),
        /pipeline must be options or false/,
      )
  })

  it('leaves nothing behind when an option is refused', async () => {
    const bad: Partial<BalancedClientOptions>[] = [
      { panicRatio: 5 },
      { outliers: { minimumCalls: 0 } },
      { streamLimits: { firstMs: 0 } },
      { use: [5 as never] },
    ]
    for (const options of bad) {
      const clock = manualClock()
      const registry = new PlayedRegistry(clock)
      const metrics = metricsRegistry()
      const given = { instancer: registry.instancer, clock, logger: logger(logRecorder()), metrics, ...options }
      assert.throws(() => balancedClient(shop, given))
      await registry.say('a:1')
      assert.deepEqual([registry.open, clock.pending], [0, 0])
    }
  })

  it('leaves nothing behind when it refuses options', async () => {
    const clock = manualClock()
    const registry = new PlayedRegistry(clock)
    const told = logger({ write() {} })
    const refused: Partial<BalancedClientOptions>[] = [{ panicRatio: 2 }, { streamLimits: { firstMs: -1 } }]
    for (const options of refused)
      assert.throws(() => setup({ instancer: registry.instancer, logger: told, clock, ...options }), RangeError)
    await clock.advance(0)
    assert.equal(registry.open, 0)
    assert.equal(clock.pending, 0)
  })
})
