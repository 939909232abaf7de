import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Instance, inOrder, instanceAt } from './instance.ts'
import type { Instancer, InstanceSet } from './instancer.ts'
import { subset } from './subset.ts'

const nothing: InstanceSet = { instances: undefined, seenAt: undefined, error: undefined, failingSince: undefined }
const instancesTo = (count: number) => inOrder(Array.from({ length: count }, (_, at) => instanceAt(`host${at}:80`)))
const idsOf = (instances: readonly Instance[] | undefined) => instances?.map(({ id }) => id) ?? []

/** An instancer that says what it is told to. */
class Told implements Instancer {
  readonly name = 'svc'
  current = nothing
  disposed = 0
  readonly #listeners = new Set<(set: InstanceSet) => void>()

  subscribe(listener: (set: InstanceSet) => void): Disposable {
    this.#listeners.add(listener)
    if (this.current !== nothing) listener(this.current)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  say(set: Partial<InstanceSet>): void {
    this.current = { ...this.current, ...set }
    for (const listener of this.#listeners) listener(this.current)
  }

  get subscribers(): number {
    return this.#listeners.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed++
  }
}

function chosen(instances: readonly Instance[], size: number, client: number | string): readonly string[] {
  const told = new Told()
  told.say({ instances })
  return idsOf(subset(told, { size, client }).current.instances)
}

/** How many clients each instance has. */
function clientsOf(instances: readonly Instance[], size: number, clients: readonly (number | string)[]) {
  const counts = new Map(idsOf(instances).map((id) => [id, 0]))
  for (const client of clients)
    for (const id of chosen(instances, size, client)) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts.values()]
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const namesTo = (count: number) => Array.from({ length: count }, (_, at) => `client-${at}`)

describe('subset', () => {
  it('has as many as it should, once each, in order, and the same ones for the same client', () => {
    const client = fc.oneof(fc.nat(), fc.string({ minLength: 1 }))
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 30 }), client, (count, size, who) => {
        const all = instancesTo(count)
        const ids = chosen(all, size, who)
        assert.equal(ids.length, Math.min(count, size))
        assert.deepEqual(ids, [...new Set(ids)].sort())
        assert.deepEqual(chosen(instancesTo(count), size, who), ids)
      }),
      { seed: 7 },
    )
  })

  it('gives numbered clients to all instances alike', () => {
    // Two rounds of 10 subsets, and one of 5.
    const counts = clientsOf(instancesTo(100), 10, numbersTo(25))
    assert.deepEqual([Math.min(...counts), Math.max(...counts)], [2, 3])
    assert.deepEqual([...new Set(clientsOf(instancesTo(100), 10, numbersTo(20)))], [2])
  })

  it('leaves other ones out in each round where instances do not divide', () => {
    // 40 rounds, with 5 of 25 instances left out of each: 32 on average.
    const counts = clientsOf(instancesTo(25), 10, numbersTo(80))
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      800,
    )
    assert.ok(Math.min(...counts) >= 24 && Math.max(...counts) <= 39, counts.join(' '))
  })

  it('gives named clients to all instances within what chance does', () => {
    const counts = clientsOf(instancesTo(100), 10, namesTo(1_000))
    assert.ok(Math.min(...counts) > 65 && Math.max(...counts) < 135, counts.join(' '))
  })

  it('changes of a named client one member when that leaves, and nothing otherwise', () => {
    const all = instancesTo(50)
    for (const client of namesTo(30)) {
      const before = chosen(all, 10, client)
      for (const gone of idsOf(all).slice(0, 10)) {
        const after = chosen(
          all.filter(({ id }) => id !== gone),
          10,
          client,
        )
        assert.equal(after.filter((id) => !before.includes(id)).length, before.includes(gone) ? 1 : 0)
      }
    }
  })

  it('changes of a numbered client one member at most while a round has as many subsets', () => {
    const all = instancesTo(57)
    for (const client of numbersTo(30)) {
      const before = chosen(all, 10, client)
      for (const gone of idsOf(all).slice(0, 10)) {
        const after = chosen(
          all.filter(({ id }) => id !== gone),
          10,
          client,
        )
        assert.ok(after.filter((id) => !before.includes(id)).length <= 1)
      }
    }
  })

  it('takes those that should be called first before others', () => {
    const all = inOrder([
      ...instancesTo(4),
      { ...instanceAt('idle:80'), weight: 0 },
      ...['x:80', 'y:80', 'z:80'].map((address) => ({ ...instanceAt(address), priority: 1 })),
    ])
    for (const client of [...numbersTo(9), ...namesTo(9)]) {
      const ids = chosen(all, 6, client)
      assert.deepEqual(ids.slice(0, 5), ['host0:80', 'host1:80', 'host2:80', 'host3:80', 'idle:80'])
      assert.match(chosen(all, 3, client).join(' '), /^host\d:80 host\d:80 host\d:80$/)
    }
  })

  it('tells only what changes its own set, and whether the registry works', () => {
    const told = new Told()
    const some = subset(told, { size: 2, client: 'me' })
    const heard: string[] = []
    const subscription = some.subscribe(({ instances, error }) => heard.push(`${idsOf(instances)} ${error?.message}`))
    assert.deepEqual(heard, [])
    const all = instancesTo(10)
    const mine = chosen(all, 2, 'me')
    told.say({ instances: all })
    told.say({ instances: all.filter(({ id }) => mine.includes(id)) })
    told.say({ instances: all.map((instance) => ({ ...instance })) })
    assert.deepEqual(heard.splice(0), [`${mine} undefined`])
    told.say({ error: new Error('down') })
    told.say({ error: new Error('still down') })
    told.say({ error: undefined })
    assert.deepEqual(heard.splice(0), [`${mine} down`, `${mine} undefined`])
    told.say({ instances: all.map((instance) => ({ ...instance, weight: 2 })) })
    told.say({ instances: [] })
    told.say({ instances: undefined })
    assert.deepEqual(heard.splice(0), [`${mine} undefined`, ' undefined', ' undefined'])
    assert.equal(some.current.instances, undefined)
    subscription[Symbol.dispose]()
    assert.equal(told.subscribers, 0)
  })

  it('takes as many as one likes', () => {
    const size = 130_000
    const all = Array.from({ length: size }, (_, at) => ({ id: `${at + size}`, address: 'host:80' }))
    assert.equal(chosen(all, size, 'x').length, size)
  })

  it('says whose subset it is, and disposes what it was given', async () => {
    const told = new Told()
    const some = subset(told, { size: 20, client: 3 })
    assert.equal(some.name, '20 for client 3 of svc')
    await some[Symbol.asyncDispose]()
    assert.equal(told.disposed, 1)
  })

  it('refuses what makes no sense', () => {
    const told = new Told()
    assert.throws(() => subset(told, { size: 0, client: 1 }), /size must be/)
    assert.throws(() => subset(told, { size: 1.5, client: 1 }), /size must be/)
    assert.throws(() => subset(told, { size: 1, client: -1 }), /client must be/)
    for (const client of ['', undefined])
      assert.throws(() => subset(told, { size: 1, client: client as string }), /client must/)
  })
})
