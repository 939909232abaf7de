import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import { rootContext } from '../core/context.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { Balancing, type BalancingOptions } from './balancing.ts'
import { roundRobin } from './round-robin.ts'

async function setup(options: Partial<BalancingOptions<string>> = {}) {
  const clock = manualClock()
  const registry = new PlayedRegistry(clock)
  const balancing = new Balancing<string>({
    instancer: registry.instancer,
    connect: ({ address }) => address,
    balancer: roundRobin(),
    endpointOf: (address) => async () => address,
    clock,
    ...options,
  })
  await registry.say('a:1', 'b:1')
  return { balancing, ctx: rootContext({ clock }) }
}

describe('Balancing', () => {
  it('lets all attempts of a call know what it was sent to', async () => {
    const { balancing, ctx } = await setup()
    const seen: (readonly string[] | undefined)[] = []
    const twice = balancing.around(async (request, inner) => {
      await balancing.send(request, inner)
      seen.push([...(inner.get(triedInstances)?.ids ?? [])])
      await balancing.send(request, inner)
      seen.push([...(inner.get(triedInstances)?.ids ?? [])])
      return 'done'
    })
    await twice('x', ctx)
    assert.deepEqual(seen, [['a:1'], ['a:1', 'b:1']])
    await balancing[Symbol.asyncDispose]()
  })

  it('works without that too, for who makes single attempts', async () => {
    const { balancing, ctx } = await setup()
    assert.equal(await balancing.send('x', ctx), 'a:1')
    assert.equal(await balancing.send('x', ctx.with(triedInstances, new TriedInstances())), 'b:1')
    await balancing[Symbol.asyncDispose]()
  })
  it('has an instance that no endpoint can be made for fail like one that cannot be reached', async () => {
    const { balancing, ctx } = await setup({
      endpointOf: (address) => {
        if (address === 'a:1') throw new TypeError('baseUrl must be a URL')
        return async () => address
      },
    })
    await assert.rejects(balancing.send('x', ctx), {
      code: 'unavailable',
      retry: 'safe',
      message: 'a:1 at a:1 cannot be called: baseUrl must be a URL',
    })
    const [a] = balancing.endpointer.candidates
    assert.deepEqual([a?.inFlight, a?.failures], [0, 1])
    assert.equal(await balancing.send('x', ctx), 'b:1')
    await balancing[Symbol.asyncDispose]()
  })

  it('tells a health that lets all in how calls end', async () => {
    const verdicts: string[] = []
    const { balancing, ctx } = await setup({
      health: () => ({
        healthy: true,
        onChange() {},
        end: (_ticket, verdict) => verdicts.push(verdict),
        [Symbol.dispose]() {},
      }),
    })
    await balancing.send('x', ctx)
    assert.deepEqual(verdicts, ['success'])
    await balancing[Symbol.asyncDispose]()
  })

  it('fails a call whose balancer chooses nobody of those who are there', { timeout: 5_000 }, async () => {
    const { balancing, ctx } = await setup({ balancer: { name: 'picky', update() {}, pick: () => undefined } })
    await assert.rejects(balancing.send('x', ctx), {
      code: 'unavailable',
      message: 'no instance to call: picky chose none of 2',
    })
    await balancing[Symbol.asyncDispose]()
  })
})
