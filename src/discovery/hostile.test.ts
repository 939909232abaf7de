import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
})
