import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import type { Context } from '../core/context.ts'
import { rootContext } from '../core/context.ts'
import type { Endpoint, Middleware } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { hedge } from '../resilience/hedge.ts'
import { retry } from '../resilience/retry.ts'
import { timeout } from '../resilience/timeout.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type BalancedOptions, balanced } from './balanced.ts'
import { balancingKey } from './balancing-key.ts'
import { refusedTicket } from './instance-health.ts'
import { roundRobin } from './round-robin.ts'

/** Instances that answer with their own address, and note who asked. */
function setup(options: Partial<BalancedOptions<string, string>> = {}) {
  const clock = manualClock()
  const registry = new PlayedRegistry(clock)
  const asked: string[] = []
  const closed: string[] = []
  const down = new Set<string>()
  const connect = ({ address }: { readonly address: string }) =>
    Object.assign(
      async (request: string, _ctx: Context) => {
        asked.push(`${address} ${request}`)
        if (down.has(address)) throw new ServiceError('unavailable', `${address} is down`, { retry: 'safe' })
        return address
      },
      { [Symbol.asyncDispose]: async () => void closed.push(address) },
    )
  const call = balanced<string, string>({
    method: 'svc/one',
    instancer: registry.instancer,
    connect,
    balancer: roundRobin(),
    clock,
    ...options,
  })
  return { clock, registry, asked, closed, down, call }
}

const instant = retry({ backoff: { initialMs: 0 } })

describe('balanced', () => {
  it('gives each its turn, and follows the registry', async () => {
    const { registry, call } = setup()
    await registry.say('a:1', 'b:1', 'c:1')
    const answers = [await call('x'), await call('x'), await call('x'), await call('x')]
    assert.deepEqual(answers, ['a:1', 'b:1', 'c:1', 'a:1'])
    await registry.say('c:1', 'd:1')
    assert.deepEqual(new Set([await call('x'), await call('x')]), new Set(['c:1', 'd:1']))
    await call[Symbol.asyncDispose]()
  })

  it('goes by load where nothing else is said', async () => {
    const { registry, call } = setup({ balancer: undefined })
    await registry.say('a:1', 'b:1')
    assert.ok(['a:1', 'b:1'].includes(await call('x')))
    await call[Symbol.asyncDispose]()
  })

  it('gives no more than its share to an instance that does not know the method', async () => {
    const given = new Map<string, number>()
    const { registry, call, clock } = setup({
      balancer: undefined,
      connect:
        ({ address }) =>
        async (_request, ctx) => {
          given.set(address, (given.get(address) ?? 0) + 1)
          await ctx.clock.sleep(5, ctx)
          if (address === 'old:1') throw new ServiceError('unimplemented', 'no such method')
          return address
        },
    })
    await registry.say('a:1', 'b:1', 'c:1', 'old:1')
    for (let calls = 0; calls < 200; calls++) {
      const answer = call('x').catch(() => {})
      await clock.advance(5)
      await answer
    }
    assert.ok((given.get('old:1') ?? 0) <= 60, `${given.get('old:1')} of 200`)
    await call[Symbol.asyncDispose]()
  })

  it('picks again for each attempt, another one than those that failed while there is one', async () => {
    const { registry, asked, down, call, clock } = setup({ pipeline: { call: [instant], attempt: [] } })
    await registry.say('a:1', 'b:1', 'c:1')
    down.add('a:1').add('b:1')
    const answer = call('x')
    await clock.runAll()
    assert.equal(await answer, 'c:1')
    assert.deepEqual(asked, ['a:1 x', 'b:1 x', 'c:1 x'])
    down.add('c:1')
    const failing = assert.rejects(call('y'), /c:1 is down|b:1 is down|a:1 is down/)
    await clock.runAll()
    await failing
    assert.deepEqual(asked.slice(3).toSorted(), ['a:1 y', 'b:1 y', 'c:1 y'])
    await call[Symbol.asyncDispose]()
  })

  it('asks another one when it hedges', async () => {
    const { clock, registry, call } = setup({
      idempotent: true,
      connect: ({ address }) =>
        (async (_request: string, ctx: Context) => {
          await ctx.clock.sleep(address === 'a:1' ? 1_000 : 1, ctx)
          return address
        }) as Endpoint<string, string>,
      pipeline: { call: [hedge({ delayMs: 10 })], attempt: [] },
    })
    await registry.say('a:1', 'b:1')
    const answer = call('x')
    await clock.advance(11)
    assert.equal(await answer, 'b:1')
    await call[Symbol.asyncDispose]()
  })

  it('puts the layers of calls around the choice, and those of attempts around what is sent to one instance', async () => {
    const order: string[] = []
    const note =
      (name: string): Middleware =>
      (next) =>
      (request, ctx) => {
        order.push(name)
        return next(request, ctx)
      }
    const { registry, call, down, clock } = setup({
      use: [note('use')],
      pipeline: {
        call: [note('call'), instant],
        attempt: [note('attempt'), timeout({ of: 'attempt', timeoutMs: 500 })],
      },
    })
    await registry.say('a:1', 'b:1')
    down.add('a:1')
    const answer = call('x')
    await clock.runAll()
    assert.equal(await answer, 'b:1')
    assert.deepEqual(order, ['use', 'call', 'attempt', 'attempt'])
    await call[Symbol.asyncDispose]()
  })

  it('lets an instance that left end its calls, and then disposes its endpoint', async () => {
    const answer = Promise.withResolvers<string>()
    const closed: string[] = []
    const { registry, call, clock } = setup({
      connect: ({ address }) =>
        Object.assign(() => answer.promise, { [Symbol.asyncDispose]: async () => void closed.push(address) }),
    })
    await registry.say('a:1')
    const pending = call('x')
    await registry.say('b:1')
    assert.deepEqual(closed, [])
    answer.resolve('done')
    assert.equal(await pending, 'done')
    await clock.advance(0)
    assert.deepEqual(closed, ['a:1'])
    await call[Symbol.asyncDispose]()
    assert.deepEqual(closed, ['a:1', 'b:1'])
  })

  it('fails at once, and says what was looked up, where there is known to be nobody', async () => {
    const { registry, call, clock } = setup()
    await registry.say('a:1')
    await registry.say()
    await clock.advance(1_500)
    await assert.rejects(call('x'), {
      code: 'unavailable',
      retry: 'safe',
      message: 'no instance to call: addsvc in a test, which had 0 when it was last seen, 1.5s ago',
    })
    await registry.fail(new Error('connect ECONNREFUSED'))
    await assert.rejects(call('x'), /the lookup has failed since 0s ago: connect ECONNREFUSED/)
    await call[Symbol.asyncDispose]()
  })

  it('waits, at first, until somebody says who there is', async () => {
    const { registry, call } = setup()
    const answer = call('x')
    await registry.say('a:1')
    assert.equal(await answer, 'a:1')
    await call[Symbol.asyncDispose]()
  })

  it('says why before the deadline, where nobody ever says who there is', async () => {
    const { clock, call } = setup()
    const failed = assert.rejects(call('x', { timeoutMs: 1_000 }), {
      code: 'unavailable',
      message: 'no instance to call: addsvc in a test, which was never seen',
    })
    await clock.advance(999)
    await failed
    await call[Symbol.asyncDispose]()
    await clock.advance(0)
    assert.equal(clock.pending, 0)
  })

  it('fails at once where the first lookup did', async () => {
    const { registry, call } = setup()
    await registry.clock.advance(0)
    await registry.fail(new Error('connect ECONNREFUSED'))
    await assert.rejects(call('x'), /which was never seen; the lookup has failed since 0s ago: connect ECONNREFUSED/)
    await call[Symbol.asyncDispose]()
  })

  it('waits for an instance where it is told to', async () => {
    const { registry, call, clock } = setup({ whenEmpty: 'wait' })
    await registry.say()
    const answer = call('x')
    const hasty = assert.rejects(call('x', { timeoutMs: 100 }), /no instance to call/)
    await clock.advance(100)
    await hasty
    await registry.say('a:1')
    assert.equal(await answer, 'a:1')
    await call[Symbol.asyncDispose]()
    await clock.advance(0)
    assert.equal(clock.pending, 0)
  })

  it('goes by the key of the request, or of the context', async () => {
    const keys: unknown[] = []
    const balancer = roundRobin<never>()
    const spy = {
      name: 'spy',
      update: (candidates: never) => balancer.update(candidates),
      pick: (ctx: Context) => {
        keys.push(ctx.get(balancingKey))
        return balancer.pick(ctx)
      },
    }
    const { registry, call } = setup({
      balancer: spy as never,
      key: (request) => (request === 'none' ? undefined : `key of ${request}`),
    })
    await registry.say('a:1')
    await call('x')
    await call('none')
    using root = rootContext({ clock: registry.clock })
    await call('none', root.with(balancingKey, 'key of the context'))
    assert.deepEqual(keys, ['key of x', undefined, 'key of the context'])
    await call[Symbol.asyncDispose]()
  })

  it('fails a call whose key makes no sense, and no other', async () => {
    const { registry, call } = setup({
      key: (request) => {
        if (request === 'bad') throw new Error('no key')
        return request === 'number' ? (5 as never) : undefined
      },
    })
    await registry.say('a:1')
    await assert.rejects(call('bad'), { code: 'internal' })
    await assert.rejects(call('number'), { code: 'internal' })
    assert.equal(await call('good'), 'a:1')
    await call[Symbol.asyncDispose]()
  })

  it('passes over an instance that lets in no more calls, and calls it all the same where all are like that', async () => {
    const tickets: Record<string, number> = { 'a:1': 1, 'b:1': 100 }
    const ended: string[] = []
    const { registry, call } = setup({
      health: ({ id }) => ({
        healthy: true,
        onChange() {},
        begin: () => {
          const left = tickets[id] ?? 0
          tickets[id] = left - 1
          return left > 0 ? left : refusedTicket
        },
        end: () => ended.push(id),
        [Symbol.dispose]() {},
      }),
    })
    await registry.say('a:1', 'b:1')
    const answers = [await call('x'), await call('x'), await call('x'), await call('x')]
    assert.deepEqual(answers.filter((each) => each === 'a:1').length, 1)
    tickets['b:1'] = 0
    ended.length = 0
    assert.ok(['a:1', 'b:1'].includes(await call('x')))
    assert.deepEqual(ended, [])
    await call[Symbol.asyncDispose]()
  })

  it('calls off what is open when it is disposed, and fails what comes later', async () => {
    const { registry, call, clock } = setup({ connect: () => () => new Promise(() => {}) })
    await registry.say('a:1')
    const open = assert.rejects(call('x'), { code: 'canceled' })
    await call[Symbol.asyncDispose]()
    await open
    await assert.rejects(call('x'), { code: 'canceled' })
    await clock.advance(0)
    assert.equal(registry.open, 0)
    assert.equal(clock.pending, 0)
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => setup({ method: 'one' }), /method must be service\/name/)
    assert.throws(() => setup({ whenEmpty: 'hope' as never }), /whenEmpty must be 'wait' or 'fail'/)
    assert.throws(() => setup({ key: 'user' as never }), /key must be a function/)
    assert.throws(() => setup({ pipeline: {} as never }), /pipeline must be/)
    assert.throws(() => setup({ connect: undefined as never }), /connect must be a function/)
    assert.throws(() => setup({ balancer: 'round_robin' as never }), /balancer must be one/)
  })

  it('leaves out an instance for which connect gives no endpoint', async () => {
    const errors: unknown[] = []
    const { registry, call } = setup({
      connect: () => 'not a function' as never,
      onConnectError: ({ error }) => errors.push(String(error)),
    })
    await registry.say('a:1')
    await assert.rejects(call('x'), /no instance to call: .*; 1 could not be connected$/)
    assert.match(String(errors[0]), /connect must give an endpoint/)
    await call[Symbol.asyncDispose]()
  })
})
