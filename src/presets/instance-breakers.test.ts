import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { instanceAt } from '../discovery/instance.ts'
import { refusedTicket } from '../discovery/instance-health.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type InstanceBreakersOptions, instanceBreakers } from './instance-breakers.ts'

function setup(options: Partial<InstanceBreakersOptions> = {}) {
  const clock = manualClock()
  const changes: string[] = []
  const breakers = instanceBreakers({
    clock,
    consecutiveFailures: 2,
    openMs: 5_000,
    jitterRatio: 0,
    probes: 1,
    onStateChange: ({ key, to }) => changes.push(`${key} ${to}`),
    ...options,
  })
  const health = breakers.of(instanceAt('a:1'))
  let told = 0
  health.onChange(() => told++)
  const ctx = rootContext({ clock })
  const begin = () => health.begin?.(clock.now(), ctx) as number
  const end = (verdict: 'success' | 'failure') => health.end?.(begin(), verdict, 1, clock.now(), ctx)
  return { clock, changes, breakers, health, ctx, begin, end, told: () => told }
}

describe('instanceBreakers', () => {
  it('says that an instance is not healthy while its circuit is open, and tells when that changes', async () => {
    const { clock, changes, health, end, begin, told } = setup()
    assert.deepEqual([health.healthy, health.describe?.()], [true, undefined])
    end('failure')
    end('failure')
    assert.deepEqual([health.healthy, told(), health.describe?.()], [false, 1, 'circuit open for another 5s'])
    assert.equal(begin(), refusedTicket)
    await clock.advance(5_000)
    assert.deepEqual([health.healthy, told()], [true, 2])
    const probe = begin()
    assert.notEqual(probe, refusedTicket)
    assert.equal(begin(), refusedTicket)
    assert.deepEqual(changes, ['a:1 open', 'a:1 half_open'])
  })

  it('closes after a probe that succeeded, and opens again after one that failed', async () => {
    const { clock, changes, health, end, told } = setup()
    end('failure')
    end('failure')
    await clock.advance(5_000)
    end('failure')
    assert.deepEqual([health.healthy, told()], [false, 3])
    await clock.advance(10_000)
    end('success')
    assert.deepEqual(changes, ['a:1 open', 'a:1 half_open', 'a:1 open', 'a:1 half_open', 'a:1 closed'])
    assert.equal(health.healthy, true)
  })

  it('takes the first message of a stream for the success of a probe', async () => {
    const { clock, health, begin, end, ctx, changes } = setup()
    end('failure')
    end('failure')
    await clock.advance(5_000)
    health.answered?.(begin(), clock.now(), ctx)
    assert.equal(changes.at(-1), 'a:1 closed')
  })

  it('counts a stream of a healthy instance once', () => {
    const { health, begin, ctx, breakers, clock } = setup()
    const ticket = begin()
    health.answered?.(ticket, 0, ctx)
    health.end?.(ticket, 'success', Number.NaN, 0, ctx)
    assert.equal(breakers.snapshot().circuits[0]?.calls, 1)
    assert.equal(clock.pending, 0)
  })

  it('has a circuit for each instance that is there', () => {
    const { breakers, health, end, clock } = setup()
    const other = breakers.of(instanceAt('b:1'))
    end('failure')
    end('failure')
    assert.deepEqual(
      breakers.snapshot().circuits.map(({ key, state }) => [key, state]),
      [
        ['a:1', 'open'],
        ['b:1', 'closed'],
      ],
    )
    health[Symbol.dispose]()
    other[Symbol.dispose]()
    assert.deepEqual(breakers.snapshot().circuits, [])
    assert.equal(clock.pending, 0)
  })

  it('refuses what no breaker can be set to', () => {
    assert.throws(() => setup({ openMs: 0 }), /openMs must be/)
  })

  it('begins nothing more when it was disposed, whatever its last calls say', () => {
    const { clock, changes, health, ctx, begin } = setup()
    const tickets = [begin(), begin()]
    health[Symbol.dispose]()
    for (const ticket of tickets) health.end?.(ticket, 'failure', 1, clock.now(), ctx)
    assert.deepEqual([clock.pending, changes], [0, []])
  })
})
