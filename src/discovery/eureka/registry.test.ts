import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFront } from '../../../test/discovery/agent-front.ts'
import { MemoryEureka } from '../../../test/discovery/memory-eureka.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { registrationBody } from './registration.ts'
import { type EurekaRegistryOptions, eurekaRegistry } from './registry.ts'

const terms = { ttlMs: 86_400_000, secure: false, statusPath: '/', healthPath: '/' }

/** A shared copy of a Eureka in memory. */
async function shared(options: EurekaRegistryOptions = {}) {
  const clock = manualClock()
  const eureka = new MemoryEureka(clock)
  const front = await AgentFront.open(eureka.backend, clock)
  const registry = eurekaRegistry({ url: `${front.url}/eureka`, clock, random: () => 0.5, ...options })
  return {
    clock,
    eureka,
    front,
    registry,
    hold: (...keys: readonly (readonly [string, string])[]) =>
      eureka.hold(keys.map(([service, id]) => registrationBody(service, { id, address: '10.0.0.1:80' }, terms, 0))),
    /** Follows a service, and gives the ids of each set; undefined at the end. */
    follow: (service: string) => {
      const stop = new AbortController()
      const sets = registry.follow(service, stop.signal)[Symbol.asyncIterator]()
      return {
        stop,
        next: async () => {
          const { value, done } = await sets.next()
          return done === true ? undefined : value.map(({ id }) => id)
        },
        end: () => {
          stop.abort(new Error('enough'))
          return sets.return?.()
        },
      }
    },
    asked: () => front.came('/eureka/apps'),
    [Symbol.asyncDispose]: async () => {
      await eventually(() => front.sockets.size === 0)
      assert.equal(clock.pending, 0)
      await front[Symbol.asyncDispose]()
    },
  }
}

describe('eurekaRegistry', { timeout: 20_000 }, () => {
  it('asks once for all who follow, at each interval', async () => {
    await using it = await shared()
    it.hold(['add', 'a'], ['sub', 'b'])
    const [add, sub, ADD] = [it.follow('add'), it.follow('sub'), it.follow('ADD')]
    assert.deepEqual(await Promise.all([add.next(), sub.next(), ADD.next()]), [['add:a'], ['sub:b'], ['add:a']])
    assert.equal(it.asked(), 1)
    it.hold(['add', 'a'], ['add', 'c'], ['sub', 'b'])
    const nexts = Promise.all([add.next(), sub.next(), ADD.next()])
    await eventually(() => it.clock.nextAt === 30_000)
    await it.clock.advance(29_999)
    assert.equal(it.asked(), 1)
    await it.clock.advance(1)
    assert.deepEqual(await nexts, [['add:a', 'add:c'], ['sub:b'], ['add:a', 'add:c']])
    assert.equal(it.asked(), 2)
    assert.equal(it.front.sockets.size, 1)
    for (const each of [add, sub, ADD]) await each.end()
  })

  it('has one who comes later take what is known', async () => {
    await using it = await shared()
    it.hold(['add', 'a'], ['sub', 'b'])
    const add = it.follow('add')
    await add.next()
    await it.clock.advance(1_000)
    const sub = it.follow('sub')
    assert.deepEqual(await sub.next(), ['sub:b'])
    assert.equal(it.asked(), 1)
    const nexts = [add.next(), sub.next()]
    await eventually(() => it.clock.nextAt === 30_000)
    await it.clock.advance(29_000)
    assert.deepEqual(await Promise.all(nexts), [['add:a'], ['sub:b']])
    assert.equal(it.asked(), 2)
    for (const each of [add, sub]) await each.end()
  })

  it('goes on for one when another leaves, and begins anew when all had left', async () => {
    await using it = await shared()
    it.hold(['add', 'a'])
    const [one, other] = [it.follow('add'), it.follow('add')]
    const first = one.next()
    const second = other.next()
    one.stop.abort(new Error('enough'))
    await assert.rejects(first, /enough/)
    assert.deepEqual(await second, ['add:a'])
    await other.end()
    await eventually(() => it.front.sockets.size === 0)
    const third = it.follow('add')
    assert.deepEqual(await third.next(), ['add:a'])
    assert.deepEqual([it.front.came('/eureka/apps/delta'), it.asked()], [0, 2])
    await third.end()
  })

  it('ends a request that nobody waits for any more', async () => {
    await using it = await shared()
    await it.front.delay(60_000)
    const one = it.follow('add')
    const first = one.next()
    await eventually(() => it.front.requests === 1)
    one.stop.abort(new Error('enough'))
    await assert.rejects(first, /enough/)
    await eventually(() => it.front.requests === 0)
    await it.clock.advance(60_000)
  })

  it('fails for all who follow, and reads all again for whoever comes back', async () => {
    await using it = await shared()
    it.hold(['add', 'a'])
    const [one, other] = [it.follow('add'), it.follow('add')]
    await Promise.all([one.next(), other.next()])
    await it.front.stop()
    const failures = [one, other].map((each) => assert.rejects(each.next(), { code: 'unavailable' }))
    await eventually(() => it.clock.nextAt === 30_000)
    await it.clock.advance(30_000)
    await Promise.all(failures)
    await it.front.start()
    const again = it.follow('add')
    assert.deepEqual(await again.next(), ['add:a'])
    assert.equal(it.front.came('/eureka/apps/delta'), 0)
    await again.end()
  })

  it('takes instances that are gone without a word for a failure, for those alone who follow them', async () => {
    await using it = await shared()
    it.hold(['add', 'a'], ['add', 'b'], ['sub', 'c'])
    const [add, sub] = [it.follow('add'), it.follow('sub')]
    await Promise.all([add.next(), sub.next()])
    it.eureka.forget()
    it.hold(['add', 'b'], ['sub', 'c'])
    const message = `${it.registry.name} has lost 1 instances of add without a word`
    const nexts = [assert.rejects(add.next(), { code: 'data_loss', message }), sub.next()]
    await eventually(() => it.clock.nextAt === 30_000)
    await it.clock.advance(30_000)
    assert.deepEqual((await Promise.all(nexts))[1], ['sub:c'])
    const again = it.follow('add')
    assert.deepEqual(await again.next(), ['add:b'])
    for (const each of [again, sub]) await each.end()
  })

  it('asks up to a fifth earlier or later, by chance', async () => {
    for (const [chance, dueAt] of [
      [0, 24_000],
      [0.5, 30_000],
      [0.999_999, 36_000],
    ] as const) {
      await using it = await shared({ random: () => chance })
      const one = it.follow('add')
      await one.next()
      const next = one.next()
      await eventually(() => Math.round(it.clock.nextAt) === dueAt)
      await it.clock.advance(dueAt)
      await next
      await one.end()
    }
  })

  it('refuses what makes no sense', () => {
    assert.throws(() => eurekaRegistry({ pollIntervalMs: 9 }), /^RangeError: pollIntervalMs must be a number from 10/)
    assert.throws(() => eurekaRegistry({ refreshMs: -1 }), /^RangeError: refreshMs must be a number from 0/)
    assert.throws(() => eurekaRegistry({ timeoutMs: 0 }), /^RangeError: timeoutMs must be a number from 1/)
    assert.throws(() => eurekaRegistry({ url: 'nowhere' }), /^TypeError: url must be like/)
  })
})
