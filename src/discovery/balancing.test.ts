import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import { rootContext } from '../core/context.ts'
import { TriedInstances, triedInstances } from '../core/tried-instances.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { Balancing } from './balancing.ts'
import { roundRobin } from './round-robin.ts'

async function setup() {
  const clock = manualClock()
  const registry = new PlayedRegistry(clock)
  const balancing = new Balancing<string>({
    instancer: registry.instancer,
    connect: ({ address }) => address,
    balancer: roundRobin(),
    endpointOf: (address) => async () => address,
    clock,
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
})
