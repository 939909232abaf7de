import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import type { Context } from '../core/context.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { balanced } from './balanced.ts'
import { explain } from './explain.ts'
import { peakEwma } from './peak-ewma.ts'

describe('explain', () => {
  it('says which instance is next, and by what numbers', async () => {
    const clock = manualClock()
    const registry = new PlayedRegistry(clock)
    const call = balanced<number, string>({
      method: 'svc/one',
      instancer: registry.instancer,
      connect:
        ({ id }) =>
        async (_request: number, ctx: Context) => {
          await ctx.clock.sleep(id === 'slow' ? 200 : 10, ctx)
          return id
        },
      balancer: peakEwma(),
      health: () => ({ healthy: true, onChange() {}, describe: () => 'as it says', [Symbol.dispose]() {} }),
      clock,
    })
    await registry.say({ id: 'fast', address: 'a:1', zone: 'x' }, { id: 'slow', address: 'b:1', weight: 2 })
    for (let calls = 0; calls < 4; calls++) {
      const answer = call(1)
      await clock.advance(200)
      await answer
    }
    const { instances, ...told } = explain(call)
    assert.deepEqual(told, {
      source: 'addsvc in a test',
      seenAt: Date.UTC(2026, 0, 1),
      error: undefined,
      balancer: 'peak_ewma',
      panic: false,
      picked: 'fast',
    })
    const [fast, slow] = instances
    assert.ok(fast && slow)
    assert.deepEqual([fast.id, fast.zone, fast.weight, fast.inFlight, fast.reason], ['fast', 'x', 1, 0, 'as it says'])
    assert.ok(fast.considered && slow.considered)
    assert.ok((fast.score ?? 0) < (slow.score ?? 0))
    assert.equal(fast.score, fast.load)
    assert.deepEqual(explain(call), { ...told, instances })
    assert.deepEqual(JSON.parse(JSON.stringify(explain(call))).picked, 'fast')
    await call[Symbol.asyncDispose]()
    assert.deepEqual(explain(call).instances, [])
    assert.equal(explain(call).picked, undefined)
  })

  it('is plain data where nobody weighs anything, too', async () => {
    const registry = new PlayedRegistry(manualClock())
    const { instancer, clock } = registry
    const call = balanced<number, string>({ method: 'svc/one', instancer, connect: () => async () => '', clock })
    await registry.say({ id: '__proto__', address: 'a:1', weight: 0 }, { id: 'b', address: 'a:1', weight: 0 })
    const { instances } = explain(call)
    assert.deepEqual(
      instances.map(({ id, load, score, considered }) => [id, load, score, considered]),
      [
        ['__proto__', undefined, undefined, true],
        ['b', undefined, undefined, true],
      ],
    )
    await call[Symbol.asyncDispose]()
  })

  it('explains nothing that has no instances', () => {
    assert.throws(() => explain({}), /only what balanced\(\) and balancedClient\(\) give/)
  })
})
