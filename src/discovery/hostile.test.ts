import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type BalancedOptions, balanced } from './balanced.ts'
import { probe } from './probe.ts'

/** Instances that answer with their address, one of which fails to be made. */
function setup(options: Partial<BalancedOptions<string, string>> = {}, clock = manualClock()) {
  const registry = new PlayedRegistry(clock)
  const closed: string[] = []
  const connect = ({ address }: { readonly address: string }) => {
    if (address.startsWith('bad')) throw new Error('cannot')
    return Object.assign(async () => address, { [Symbol.asyncDispose]: async () => void closed.push(address) })
  }
  const call = balanced<string, string>({
    method: 'svc/one',
    instancer: registry.instancer,
    connect,
    clock,
    ...options,
  })
  return { clock, registry, closed, call }
}

describe('a client whose parts misbehave', () => {
  it('lets go of what judges an instance that could not be connected', async () => {
    const checked: string[] = []
    const clock = manualClock()
    const health = probe({ check: async ({ id }) => void checked.push(id), intervalMs: 1_000, clock })
    const { registry, call } = setup({ health }, clock)
    await registry.say('a:1', 'bad:1')
    await clock.advance(60_000)
    assert.ok(checked.includes('a:1'))
    assert.ok(!checked.includes('bad:1'))
    await call[Symbol.asyncDispose]()
    assert.equal(clock.pending, 0)
  })

  it('asks nobody for instances when an option is refused', async () => {
    const clock = manualClock()
    const registry = new PlayedRegistry(clock)
    assert.throws(() => setup({ use: [5 as never], instancer: registry.instancer }))
    await registry.say('a:1')
    assert.equal(registry.open, 0)
  })

  it('keeps nothing that was connected while it was closed', async () => {
    for (const during of ['connect', 'onConnectError', 'onUpdate', 'disconnect']) {
      const close = (at: string) => void (at === during && call[Symbol.asyncDispose]())
      const open: string[] = []
      const { registry, clock, call } = setup({
        connect: ({ address }) => {
          if (address === 'bad:1') throw new Error('cannot')
          if (address === 'c:1') close('connect')
          open.push(address)
          const end = async () => {
            open.splice(open.indexOf(address), 1)
            close('disconnect')
          }
          return Object.assign(async () => address, { [Symbol.asyncDispose]: end })
        },
        onConnectError: () => close('onConnectError'),
        onUpdate: ({ joined }) => joined.some(({ id }) => id === 'd') && close('onUpdate'),
      })
      await registry.say('a:1', { id: 'b', address: 'b:1' })
      assert.deepEqual(open, ['a:1', 'b:1'])
      await registry.say('a:1', { id: 'b', address: 'b:2' }, 'bad:1', 'c:1', { id: 'd', address: 'd:1' })
      await clock.advance(0)
      assert.deepEqual(open, [], during)
      await assert.rejects(call('x'), { code: 'canceled' })
      await call[Symbol.asyncDispose]()
      assert.deepEqual([registry.open, clock.pending], [0, 0])
    }
  })

  it('fails a call where its balancer takes none of those there are, however patient the call is', async () => {
    for (const whenEmpty of ['wait', 'fail'] as const) {
      const balancer = { name: 'picky', update() {}, pick: () => undefined }
      const { registry, clock, call } = setup({ whenEmpty, balancer })
      const early = assert.rejects(call('x'), { code: 'unavailable' })
      await registry.say('a:1')
      await early
      await assert.rejects(call('x'), { code: 'unavailable', message: /no instance to call/ })
      await call[Symbol.asyncDispose]()
      assert.equal(clock.pending, 0)
    }
  })

  it('keeps nothing of calls that have waited in vain', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const { registry, call, clock } = setup({ whenEmpty: 'wait' })
    await registry.say()
    const wait = async (calls: number) => {
      for (let at = 0; at < calls; at++) call('x', { timeoutMs: 10 }).catch(() => {})
      await clock.advance(10)
      collect()
      return process.memoryUsage().heapUsed
    }
    await wait(1_000)
    const before = await wait(1_000)
    for (let times = 0; times < 9; times++) await wait(1_000)
    const grownBy = ((await wait(1_000)) - before) / 10_000
    assert.ok(grownBy < 100, `${grownBy} bytes a call`)
    await call[Symbol.asyncDispose]()
  })

  it('lets go of an instance though what judges it throws', async (t) => {
    const surfaced: unknown[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => {
      try {
        run()
      } catch (thrown) {
        surfaced.push(String(thrown))
      }
    })
    const broken = (what: string) => () => {
      throw new Error(what)
    }
    const answer = Promise.withResolvers<string>()
    const health = () => ({
      healthy: true,
      onChange() {},
      begin: () => 1,
      end: broken('end'),
      [Symbol.dispose]: broken('dispose'),
    })
    const closed: string[] = []
    const end = (address: string) => ({ [Symbol.asyncDispose]: async () => void closed.push(address) })
    const { registry, call, clock } = setup({
      health,
      connect: ({ address }) => Object.assign(() => answer.promise, end(address)),
    })
    await registry.say('a:1')
    const answered = call('x')
    await registry.say('b:1')
    await registry.say('c:1')
    assert.deepEqual(closed, ['b:1'])
    answer.resolve('well')
    assert.equal(await answered, 'well')
    assert.deepEqual(closed, ['b:1', 'a:1'])
    await call[Symbol.asyncDispose]()
    assert.deepEqual(closed, ['b:1', 'a:1', 'c:1'])
    assert.deepEqual(surfaced, ['Error: dispose', 'Error: dispose', 'Error: end', 'Error: dispose'])
    assert.equal(clock.pending, 0)
  })
})
