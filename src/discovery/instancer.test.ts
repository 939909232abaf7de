import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { type Instance, instanceAt } from './instance.ts'
import { type InstanceSet, type InstanceSource, instancerFrom } from './instancer.ts'

const [a, b, c] = [instanceAt('a:1'), instanceAt('b:1'), instanceAt('c:1')]

/** A registry that says what it is told to, and counts who asks. */
class Registry {
  readonly clock = manualClock()
  begun = 0
  open = 0
  readonly #asked: { give(instances: unknown): void; fail(error: unknown): void }[] = []
  /** Given out before it waits. */
  known: unknown = undefined
  readonly source: InstanceSource = (signal) => this.#watch(signal)

  say(instances: unknown): Promise<void> {
    this.known = instances
    this.#asked.splice(0).forEach(({ give }) => give(instances))
    return this.clock.advance(0)
  }

  fail(error: unknown): Promise<void> {
    this.known = undefined
    this.#asked.splice(0).forEach((asked) => asked.fail(error))
    return this.clock.advance(0)
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<readonly Instance[]> {
    this.begun++
    this.open++
    try {
      if (this.known !== undefined) yield this.known as Instance[]
      while (!signal.aborted) {
        const next = Promise.withResolvers<unknown>()
        this.#asked.push({ give: next.resolve, fail: next.reject })
        signal.addEventListener('abort', () => next.reject(signal.reason), { once: true })
        yield (await next.promise) as Instance[]
      }
    } finally {
      this.open--
    }
  }
}

const heard = (sets: InstanceSet[]) =>
  sets.map(({ instances, error }) => [instances?.map(({ id }) => id).join(' '), error?.message])

describe('instancerFrom', () => {
  it('asks nothing before somebody subscribes, and once for all who do', async () => {
    const registry = new Registry()
    await using instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    assert.equal(registry.begun, 0)
    const first: InstanceSet[] = []
    const second: InstanceSet[] = []
    instancer.subscribe((set) => first.push(set))
    await registry.say([b, a])
    instancer.subscribe((set) => second.push(set))
    assert.equal(registry.begun, 1)
    assert.deepEqual(heard(first), [['a:1 b:1', undefined]])
    assert.deepEqual(second, first)
  })

  it('tells what has changed, and only that', async () => {
    const registry = new Registry()
    const changes: unknown[] = []
    await using instancer = instancerFrom('svc', registry.source, {
      clock: registry.clock,
      onChange: ({ instances }) => changes.push(instances?.length),
    })
    const sets: InstanceSet[] = []
    instancer.subscribe((set) => sets.push(set))
    await registry.say([a, b])
    await registry.say([b, a, a])
    await registry.say([])
    await registry.say([c])
    assert.deepEqual(heard(sets), [
      ['a:1 b:1', undefined],
      ['', undefined],
      ['c:1', undefined],
    ])
    assert.deepEqual(changes, [2, 0, 1])
  })

  it('stops when the last one has left, keeps what it knew, and begins again with the next one', async () => {
    const registry = new Registry()
    await using instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    const one = instancer.subscribe(() => {})
    const other = instancer.subscribe(() => {})
    await registry.say([a])
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    assert.equal(registry.open, 1)
    other[Symbol.dispose]()
    await registry.clock.advance(0)
    assert.equal(registry.open, 0)
    assert.equal(registry.clock.pending, 0)
    const sets: InstanceSet[] = []
    instancer.subscribe((set) => sets.push(set))
    await registry.clock.advance(0)
    assert.deepEqual(heard(sets), [['a:1', undefined]])
    assert.equal(registry.begun, 2)
  })

  it('keeps what it knows while the registry fails, asks again after longer and longer waits, and tells one outage once', async () => {
    const registry = new Registry()
    const { clock } = registry
    const errors: [number, number][] = []
    await using instancer = instancerFrom('svc', registry.source, {
      clock,
      backoff: { initialMs: 100, multiplier: 2, maxMs: 400, jitter: 'none' },
      onError: ({ failures, retryInMs }) => errors.push([failures, retryInMs]),
    })
    const sets: InstanceSet[] = []
    instancer.subscribe((set) => sets.push(set))
    await registry.say([a])
    await registry.fail(new Error('gone'))
    for (const waitMs of [100, 200, 400]) {
      await clock.advance(waitMs - 1)
      const { begun } = registry
      await clock.advance(1)
      assert.equal(registry.begun, begun + 1)
      await registry.fail(new Error('still gone'))
    }
    assert.deepEqual(errors, [
      [1, 100],
      [2, 200],
      [3, 400],
      [4, 400],
    ])
    assert.deepEqual(heard(sets), [
      ['a:1', undefined],
      ['a:1', 'gone'],
    ])
    assert.equal(instancer.current.error?.message, 'still gone')
    registry.known = [a]
    await clock.advance(400)
    assert.deepEqual(heard(sets).at(-1), ['a:1', undefined])
    assert.deepEqual([instancer.current.error, instancer.current.failingSince], [undefined, undefined])
    await registry.fail(new Error('once more'))
    assert.deepEqual(errors.at(-1), [1, 100])
  })

  it('takes the end of a source, which has none, for a failure', async () => {
    const clock = manualClock()
    let begun = 0
    async function* ending() {
      begun++
      yield [a]
    }
    await using instancer = instancerFrom('svc', ending, { clock, backoff: { jitter: 'none' } })
    instancer.subscribe(() => {})
    await clock.advance(0)
    assert.match(instancer.current.error?.message ?? '', /the lookup ended/)
    await clock.advance(999)
    assert.equal(begun, 1)
    await clock.advance(1)
    assert.equal(begun, 2)
  })

  for (const garbage of [null, 'a:1', {}, [null], ['a:1'], [{ id: 'a' }], [{ id: 'a', address: 'no port' }]]) {
    it(`keeps what it knows when the registry says ${JSON.stringify(garbage)}`, async () => {
      const registry = new Registry()
      await using instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
      instancer.subscribe(() => {})
      await registry.say([a])
      await registry.say(garbage)
      assert.match(instancer.current.error?.message ?? '', /the registry gave/)
      assert.deepEqual(instancer.current.instances, [a])
      assert.equal(registry.open, 0)
    })
  }

  it('forgets what it knows after a failure has lasted as long as it was told', async () => {
    const registry = new Registry()
    const { clock } = registry
    await using instancer = instancerFrom('svc', registry.source, { clock, invalidateAfterMs: 5_000 })
    const sets: InstanceSet[] = []
    instancer.subscribe((set) => sets.push(set))
    await registry.say([a])
    await registry.fail(new Error('gone'))
    await clock.advance(4_999)
    assert.deepEqual(instancer.current.instances, [a])
    await clock.advance(1)
    assert.equal(instancer.current.instances, undefined)
    assert.deepEqual(heard(sets).at(-1), [undefined, 'gone'])
    await registry.say([a])
    assert.deepEqual(heard(sets).at(-1), ['a:1', undefined])
  })

  it('keeps what it knows where the failure ends in time', async () => {
    const registry = new Registry()
    const { clock } = registry
    await using instancer = instancerFrom('svc', registry.source, { clock, invalidateAfterMs: 5_000 })
    instancer.subscribe(() => {})
    await registry.say([a])
    await registry.fail(new Error('gone'))
    registry.known = [a]
    await clock.advance(20_000)
    assert.deepEqual(instancer.current.instances, [a])
  })

  it('does not take a failure of before somebody asked again for one of now, and yet knows that there was one', async () => {
    const registry = new Registry()
    const instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    const first = instancer.subscribe(() => {})
    await registry.say([a])
    await registry.fail(new Error('gone'))
    first[Symbol.dispose]()
    await registry.clock.advance(10_000)
    const sets: InstanceSet[] = []
    instancer.subscribe((set) => sets.push(set))
    assert.deepEqual(heard(sets), [['a:1', undefined]])
    await registry.say([])
    assert.deepEqual(instancer.current.instances, [a])
    await registry.clock.advance(60_000)
    assert.deepEqual(instancer.current.instances, [])
    await instancer[Symbol.asyncDispose]()
  })

  describe('after an outage', () => {
    async function outage(options: { recoveryMs?: number } = {}) {
      const registry = new Registry()
      const instancer = instancerFrom('svc', registry.source, { clock: registry.clock, ...options })
      instancer.subscribe(() => {})
      await registry.say([a, b])
      await registry.fail(new Error('gone'))
      registry.known = []
      await registry.clock.advance(2_000)
      const ids = () => instancer.current.instances?.map(({ id }) => id).join(' ')
      return { registry, instancer, ids }
    }

    it('keeps whom the registry does not name any more, for a while', async () => {
      const { registry, instancer, ids } = await outage()
      assert.deepEqual([ids(), instancer.current.error], ['a:1 b:1', undefined])
      await registry.say([c])
      assert.equal(ids(), 'a:1 b:1 c:1')
      const saidAt = registry.clock.wallNow()
      await registry.clock.advance(60_000)
      assert.equal(ids(), 'c:1')
      assert.equal(instancer.current.seenAt, saidAt, 'the registry has said nothing since')
      await instancer[Symbol.asyncDispose]()
      assert.equal(registry.clock.pending, 0)
    })

    it('believes it of whom it has named again', async () => {
      const { registry, instancer, ids } = await outage()
      await registry.say([a])
      await registry.say([])
      assert.equal(ids(), 'b:1')
      await instancer[Symbol.asyncDispose]()
    })

    it('begins anew with the next outage', async () => {
      const { registry, instancer, ids } = await outage()
      await registry.clock.advance(50_000)
      await registry.fail(new Error('gone again'))
      registry.known = []
      await registry.clock.advance(20_000)
      assert.equal(ids(), 'a:1 b:1')
      await registry.clock.advance(60_000)
      assert.equal(ids(), '')
      await instancer[Symbol.asyncDispose]()
      assert.equal(registry.clock.pending, 0)
    })

    it('believes all at once where it is told to', async () => {
      const { instancer, ids } = await outage({ recoveryMs: 0 })
      assert.equal(ids(), '')
      await instancer[Symbol.asyncDispose]()
    })
  })

  it('is not kept from its end by a source that hears nothing', async () => {
    const clock = manualClock()
    const deaf: InstanceSource = async function* () {
      yield [a]
      await new Promise(() => {})
    }
    const instancer = instancerFrom('svc', deaf, { clock })
    instancer.subscribe(() => {})
    await clock.advance(0)
    const closed = instancer[Symbol.asyncDispose]()
    await clock.advance(1_000)
    await closed
    assert.equal(clock.pending, 0)
  })

  it('tells nobody any more once it is disposed, and begins nothing', async () => {
    const registry = new Registry()
    const instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    const sets: InstanceSet[] = []
    instancer.subscribe((set) => sets.push(set))
    await instancer[Symbol.asyncDispose]()
    instancer.subscribe((set) => sets.push(set))
    await registry.say([a])
    assert.deepEqual(sets, [])
    assert.equal(registry.open, 0)
    assert.equal(registry.clock.pending, 0)
  })

  it('does not mind a listener that leaves, or comes, while it is told', async () => {
    const registry = new Registry()
    await using instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    const order: string[] = []
    const leaving = instancer.subscribe(() => {
      order.push('first')
      leaving[Symbol.dispose]()
      instancer.subscribe(() => order.push('third'))
    })
    instancer.subscribe(() => order.push('second'))
    await registry.say([a])
    assert.deepEqual(order, ['first', 'third', 'second'])
  })

  it('refuses options out of their range', () => {
    const source: InstanceSource = async function* () {}
    assert.throws(() => instancerFrom('svc', source, { invalidateAfterMs: -1 }), /invalidateAfterMs must be/)
    assert.throws(() => instancerFrom('svc', source, { recoveryMs: -1 }), /recoveryMs must be/)
    assert.throws(() => instancerFrom('svc', source, { backoff: { initialMs: -1 } }), /initialMs must be/)
  })

  it('tells nobody who left while others were told', async () => {
    const registry = new Registry()
    await using instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    const told: string[] = []
    instancer.subscribe(() => {
      told.push('first')
      second[Symbol.dispose]()
    })
    const second = instancer.subscribe(() => told.push('second'))
    await registry.say([a])
    assert.deepEqual(told, ['first'])
  })

  it('asks again whatever the registry throws', async () => {
    const registry = new Registry()
    await using instancer = instancerFrom('svc', registry.source, { clock: registry.clock })
    instancer.subscribe(() => {})
    await registry.clock.advance(0)
    await registry.fail(Object.create(null))
    assert.equal(instancer.current.error?.message, 'what was thrown cannot be shown')
    await registry.clock.advance(1_200)
    await registry.say([a])
    assert.deepEqual(instancer.current.instances, [a])
  })
})
