import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PlayedRegistry } from '../../test/discovery/played-registry.ts'
import { rootContext } from '../core/context.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { Candidate } from './candidate.ts'
import { type CandidatesUpdate, Endpointer, type EndpointerOptions } from './endpointer.ts'
import type { Instance } from './instance.ts'
import type { InstanceHealth } from './instance-health.ts'
import { roundRobin } from './round-robin.ts'

interface Target {
  readonly address: string
  closed: boolean
}

/** Health that a test switches. */
class Switch implements InstanceHealth {
  healthy = true
  disposed = false
  #listener = () => {}

  set(healthy: boolean): void {
    this.healthy = healthy
    this.#listener()
  }

  onChange(listener: () => void): void {
    this.#listener = listener
  }

  [Symbol.dispose](): void {
    this.disposed = true
  }
}

function setup(options: Partial<EndpointerOptions<Target>> = {}) {
  const clock = manualClock()
  const registry = new PlayedRegistry(clock)
  const made: Target[] = []
  const updates: CandidatesUpdate[] = []
  const told: (readonly Candidate[])[] = []
  const health = new Map<string, Switch>()
  const balancer = roundRobin()
  const endpointer = new Endpointer<Target>({
    instancer: registry.instancer,
    connect: ({ address }) => {
      const target = { address, closed: false }
      made.push(target)
      return target
    },
    disconnect: (target) => {
      target.closed = true
    },
    balancer: {
      ...balancer,
      name: 'spied',
      update: (candidates) => {
        told.push(candidates)
        balancer.update(candidates)
      },
      pick: (ctx, trace) => balancer.pick(ctx, trace),
    },
    health: ({ id }) => {
      const own = new Switch()
      health.set(id, own)
      return own
    },
    clock,
    onUpdate: (event) => updates.push(event),
    ...options,
  })
  const ids = () => endpointer.candidates.map(({ instance }) => instance.id)
  const admitted = () => endpointer.admitted.map(({ instance }) => instance.id)
  return { clock, registry, endpointer, made, updates, told, health, ids, admitted, ctx: rootContext({ clock }) }
}

const closed = (targets: readonly Target[]) => targets.filter((each) => each.closed).map(({ address }) => address)

describe('Endpointer', () => {
  it('connects what comes, once, keeps what stays, in the order of ids, and lets go of what leaves', async () => {
    const { registry, endpointer, made, ids, updates } = setup()
    await registry.say('b:1', 'a:1')
    const [first] = endpointer.candidates
    await registry.say('a:1', 'c:1', 'b:1')
    assert.deepEqual(ids(), ['a:1', 'b:1', 'c:1'])
    assert.equal(endpointer.candidates[0], first)
    await registry.say('c:1')
    assert.deepEqual(ids(), ['c:1'])
    assert.deepEqual(
      made.map(({ address }) => address),
      ['a:1', 'b:1', 'c:1'],
    )
    assert.deepEqual(closed(made), ['a:1', 'b:1'])
    assert.deepEqual(
      updates.map(({ joined, left, admitted }) => [joined.length, left.length, admitted]),
      [
        [2, 0, 2],
        [1, 0, 3],
        [0, 2, 1],
      ],
    )
    await endpointer[Symbol.asyncDispose]()
  })

  it('lets go of one that left when its last call has ended', async () => {
    const { registry, endpointer, made, ctx } = setup()
    await registry.say('a:1', 'b:1')
    const candidate = endpointer.pick(ctx)
    assert.ok(candidate)
    candidate.begin()
    candidate.begin()
    await registry.say('b:1')
    assert.equal(endpointer.pick(ctx)?.instance.id, 'b:1')
    candidate.end('success', 1, 0)
    endpointer.ended(candidate)
    assert.deepEqual(closed(made), [])
    candidate.end('success', 1, 0)
    endpointer.ended(candidate)
    assert.deepEqual(closed(made), ['a:1'])
    await endpointer[Symbol.asyncDispose]()
    assert.deepEqual(closed(made), ['a:1', 'b:1'])
  })

  it('connects anew what is elsewhere under the same id, and not what only weighs more', async () => {
    const { registry, endpointer, made } = setup()
    const a: Instance = { id: 'a', address: 'a:1', metadata: { v: '1' } }
    await registry.say(a)
    await registry.say({ ...a, weight: 5, zone: 'x', tags: ['t'] })
    assert.equal(made.length, 1)
    assert.deepEqual([endpointer.candidates[0]?.weight, endpointer.candidates[0]?.instance.zone], [5, 'x'])
    await registry.say({ ...a, address: 'a:2' })
    assert.deepEqual(closed(made), ['a:1'])
    await registry.say({ ...a, address: 'a:2', metadata: { v: '2' } })
    assert.deepEqual(closed(made), ['a:1', 'a:2'])
    assert.equal(made.length, 3)
    assert.equal(endpointer.candidates.length, 1)
    await endpointer[Symbol.asyncDispose]()
  })

  it('leaves out what cannot be connected, and tries again after a while', async () => {
    let fails = true
    const errors: unknown[] = []
    const { clock, registry, endpointer, ids } = setup({
      connect: ({ address }) => {
        if (address === 'bad:1' && fails) throw new Error('cannot')
        return { address, closed: false }
      },
      onConnectError: ({ error, instance }) => errors.push([instance.id, String(error)]),
    })
    await registry.say('a:1', 'bad:1')
    assert.deepEqual(ids(), ['a:1'])
    assert.deepEqual(errors, [['bad:1', 'Error: cannot']])
    await clock.advance(1_200)
    assert.equal(errors.length, 2)
    fails = false
    await clock.advance(3_000)
    assert.deepEqual(ids(), ['a:1', 'bad:1'])
    await endpointer[Symbol.asyncDispose]()
    assert.equal(clock.pending, 0)
  })

  it('has nobody go on to judge what could not be connected', async () => {
    const judges: Switch[] = []
    const { clock, registry, endpointer } = setup({
      connect: () => {
        throw new Error('cannot')
      },
      health: () => {
        const judge = new Switch()
        judges.push(judge)
        return judge
      },
    })
    await registry.say('a:1')
    await clock.advance(10_000)
    assert.ok(judges.length > 1)
    assert.ok(judges.every(({ disposed }) => disposed))
    await endpointer[Symbol.asyncDispose]()
  })

  it('tells of who comes and goes, whether or not calls may go there', async () => {
    const { registry, endpointer, updates, admitted } = setup()
    await registry.say('a:1')
    await registry.say('a:1', { id: 'b', address: 'b:1', priority: 1 })
    await registry.say('a:1')
    assert.deepEqual(admitted(), ['a:1'])
    assert.deepEqual(
      updates.map(({ joined, left, instances, admitted: called }) => [joined.length, left.length, instances, called]),
      [
        [1, 0, 1, 1],
        [1, 0, 2, 1],
        [0, 1, 1, 1],
      ],
    )
    await endpointer[Symbol.asyncDispose]()
  })

  it('calls those that are healthy, until too few are', async () => {
    const { registry, endpointer, health, admitted, updates, clock } = setup()
    await registry.say('a:1', 'b:1', 'c:1')
    health.get('a:1')?.set(false)
    await clock.advance(0)
    assert.deepEqual(admitted(), ['b:1', 'c:1'])
    health.get('b:1')?.set(false)
    await clock.advance(0)
    assert.deepEqual(admitted(), ['a:1', 'b:1', 'c:1'])
    assert.equal(endpointer.panic, true)
    health.get('b:1')?.set(true)
    health.get('a:1')?.set(true)
    await clock.advance(0)
    assert.deepEqual([admitted().length, endpointer.panic], [3, false])
    // The two that recovered at once were told at once.
    assert.equal(updates.length, 4)
    await endpointer[Symbol.asyncDispose]()
    assert.ok([...health.values()].every(({ disposed }) => disposed))
  })

  it('tells of one that leaves or comes while those that are called stay the same', async () => {
    const { registry, endpointer, health, admitted, updates, clock } = setup()
    await registry.say('a:1', 'b:1', 'c:1')
    health.get('a:1')?.set(false)
    await clock.advance(0)
    await registry.say('b:1', 'c:1')
    assert.deepEqual(admitted(), ['b:1', 'c:1'])
    const ids = updates.slice(1).map(({ left, instances, admitted }) => [left.map(({ id }) => id), instances, admitted])
    assert.deepEqual(ids, [
      [[], 3, 2],
      [['a:1'], 2, 2],
    ])
    await endpointer[Symbol.asyncDispose]()
  })

  it('takes out for a while whoever does worse than the others', async () => {
    let ejected = new Map<string, number>()
    const seen: unknown[] = []
    const { registry, clock, endpointer, admitted, told } = setup({
      outliers: {
        intervalMs: 10_000,
        judge: (counts) => {
          seen.push(counts)
          return ejected
        },
        snapshot: () => ({}) as never,
      },
    })
    await registry.say('a:1', 'b:1', 'c:1')
    const [a] = endpointer.candidates
    a?.begin()
    a?.end('failure', 1, 0)
    ejected = new Map([['a:1', 30_000]])
    await clock.advance(10_000)
    assert.deepEqual(seen, [
      [
        { id: 'a:1', calls: 1, failures: 1 },
        { id: 'b:1', calls: 0, failures: 0 },
        { id: 'c:1', calls: 0, failures: 0 },
      ],
    ])
    assert.deepEqual(admitted(), ['b:1', 'c:1'])
    ejected = new Map()
    await clock.advance(10_000)
    assert.deepEqual((seen[1] as unknown[])[0], { id: 'a:1', calls: 0, failures: 0 })
    assert.equal(admitted().length, 3)
    // A review that changes nothing is not told to the balancer.
    const before = told.length
    await clock.advance(30_000)
    assert.equal(told.length, before)
    await endpointer[Symbol.asyncDispose]()
    assert.equal(clock.pending, 0)
  })

  it('does not bother its balancer with a review that changes nothing', async () => {
    const { registry, clock, endpointer, told } = setup({
      outliers: { intervalMs: 10_000, judge: () => new Map(), snapshot: () => ({}) as never },
    })
    await registry.say('a:1', 'b:1')
    const before = told.length
    await clock.advance(30_000)
    assert.equal(told.length, before)
    await registry.say('a:1', { id: 'b:1', address: 'b:1', weight: 2 })
    assert.equal(told.length, before + 1)
    await endpointer[Symbol.asyncDispose]()
  })

  it('keeps everybody while the registry fails, and nobody when that lasted too long', async () => {
    const clock = manualClock()
    const registry = new PlayedRegistry(clock, { invalidateAfterMs: 5_000 })
    const { endpointer, ids } = setup({ instancer: registry.instancer })
    await registry.say('a:1')
    await registry.fail(new Error('gone'))
    assert.deepEqual(ids(), ['a:1'])
    await clock.advance(5_000)
    assert.deepEqual(ids(), [])
    await endpointer[Symbol.asyncDispose]()
  })

  it('says when somebody is there', async () => {
    const { registry, endpointer, ctx, clock } = setup()
    let there = 0
    const waiting = endpointer.arrival(ctx, false).then(() => there++)
    const patient = endpointer.arrival(ctx, true).then(() => there++)
    await clock.advance(1_000)
    assert.equal(there, 0)
    await registry.say()
    await waiting
    assert.equal(there, 1)
    await registry.say('a:1')
    await patient
    using hasty = ctx.withTimeout(10)
    await registry.say()
    const late = assert.rejects(endpointer.arrival(hasty, true))
    await clock.advance(10)
    await late
    await endpointer[Symbol.asyncDispose]()
  })

  it('keeps nothing of those who have given up waiting', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const { registry, endpointer, clock } = setup()
    await registry.say()
    const heldBytesAfter = async (calls: number) => {
      for (let call = 0; call < calls; call++) {
        using waiting = rootContext({ clock })
        const arrival = endpointer.arrival(waiting, true)
        waiting.cancel(gaveUp)
        await arrival.catch(() => {})
      }
      collect()
      return process.memoryUsage().heapUsed
    }
    const gaveUp = new Error('gave up')
    const beforeBytes = await heldBytesAfter(1_000)
    // It was 250 bytes each.
    assert.ok((await heldBytesAfter(10_000)) - beforeBytes < 1_000_000)
    await endpointer[Symbol.asyncDispose]()
  })

  it('lets go of all when it is disposed, whatever is in flight, and of its subscription', async () => {
    const { registry, endpointer, made, ctx } = setup()
    await registry.say('a:1', 'b:1', 'c:1')
    const leaving = endpointer.pick(ctx)
    leaving?.begin()
    await registry.say('b:1', 'c:1')
    endpointer.pick(ctx)?.begin()
    await endpointer[Symbol.asyncDispose]()
    assert.deepEqual(closed(made).sort(), ['a:1', 'b:1', 'c:1'])
    assert.equal(endpointer.pick(ctx), undefined)
    await registry.clock.advance(0)
    assert.equal(registry.open, 0)
    assert.equal(registry.clock.pending, 0)
  })

  it('applies ten thousand instances and the change of one in a hundred of them as what they are', async () => {
    const { registry, endpointer, made, updates } = setup()
    const all = Array.from({ length: 10_000 }, (_, n) => `i${n}:1`)
    await registry.say(...all)
    assert.equal(made.length, 10_000)
    await registry.say(...all.slice(100), ...Array.from({ length: 100 }, (_, n) => `new${n}:1`))
    assert.equal(made.length, 10_100)
    assert.deepEqual([updates[1]?.joined.length, updates[1]?.left.length], [100, 100])
    await registry.say(...all.slice(100).toReversed(), ...Array.from({ length: 100 }, (_, n) => `new${n}:1`))
    assert.equal(updates.length, 2)
    await endpointer[Symbol.asyncDispose]()
  })

  it('has a balancer of its own, which another may have after it', async () => {
    const { endpointer, registry } = setup()
    const { balancer } = endpointer
    assert.throws(() => setup({ balancer }), /^TypeError: balancer belongs to another client/)
    await registry.say('a:1')
    await endpointer[Symbol.asyncDispose]()
    await setup({ balancer }).endpointer[Symbol.asyncDispose]()
  })

  it('refuses options out of their range', () => {
    assert.throws(() => setup({ panicRatio: 2 }), /panicRatio must be/)
    assert.throws(() => setup({ decayMs: 0 }), /decayMs must be/)
    assert.throws(() => setup({ failurePenaltyMs: -1 }), /failurePenaltyMs must be/)
    assert.throws(() => setup({ instancer: undefined as never }), /instancer must be one/)
    for (const balancer of [undefined, 'round_robin', roundRobin, { pick() {} }])
      assert.throws(() => setup({ balancer: balancer as never }), /balancer must be one/)
    assert.throws(() => setup({ outliers: { minimumCalls: 5 } as never }), /outliers must be what outliers\(\) gives/)
    for (const name of ['connect', 'disconnect', 'health', 'classify'])
      assert.throws(() => setup({ [name]: 'x' }), {
        name: 'TypeError',
        message: `${name} must be a function, but is string`,
      })
  })
})
