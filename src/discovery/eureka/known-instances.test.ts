import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { InstanceInfo } from './instance-info.ts'
import { KnownInstances } from './known-instances.ts'

function infoOf(app: string, id: string, more: Partial<InstanceInfo> = {}): InstanceInfo {
  const rest = { port: 80, securePort: undefined, metadata: {}, amazonZone: undefined, lastDirtyAt: 0 }
  return { app, id, status: 'UP', action: 'ADDED', hostName: id, ipAddr: '10.0.0.1', ...rest, ...more }
}

const all = () => true
const idsOf = (known: KnownInstances, app: string) => known.of(app).map(({ id }) => id)

describe('KnownInstances', () => {
  it('counts instances by status, in the order of their names, as Eureka does', () => {
    const statuses = ['UP', 'STARTING', 'UNKNOWN', 'UP', 'OUT_OF_SERVICE', 'DOWN']
    const known = new KnownInstances(
      statuses.map((status, at) => infoOf('ADD', `i${at}`, { status })),
      all,
    )
    assert.equal(known.hash, 'DOWN_1_OUT_OF_SERVICE_1_STARTING_1_UNKNOWN_1_UP_2_')
    assert.equal(new KnownInstances([], all).hash, '')
  })

  it('takes what is added, what has changed and what is gone', () => {
    const known = new KnownInstances([infoOf('ADD', 'a'), infoOf('ADD', 'b')], all)
    const changed = infoOf('ADD', 'b', { status: 'DOWN', action: 'MODIFIED' })
    known.apply([infoOf('ADD', 'a', { action: 'DELETED' }), changed, infoOf('ADD', 'c'), infoOf('SUB', 'a')])
    assert.deepEqual([idsOf(known, 'ADD'), idsOf(known, 'SUB')], [['b', 'c'], ['a']])
    assert.equal(known.of('ADD')[0], changed)
    assert.equal(known.hash, 'DOWN_1_UP_2_')
    known.apply([infoOf('MUL', 'z', { action: 'DELETED' }), infoOf('SUB', 'a', { action: 'DELETED' })])
    assert.equal(known.hash, 'DOWN_1_UP_1_')
  })

  it('keeps no more than the status of what nobody wants', () => {
    const known = new KnownInstances([infoOf('ADD', 'a'), infoOf('SUB', 'b')], (app) => app === 'ADD')
    known.apply([infoOf('SUB', 'c', { status: 'DOWN' })])
    assert.deepEqual([idsOf(known, 'ADD'), idsOf(known, 'SUB'), known.hash], [['a'], [], 'DOWN_1_UP_2_'])
  })

  it('says how many of an application another one has not', () => {
    const [some, others] = [
      new KnownInstances([infoOf('ADD', 'a'), infoOf('ADD', 'b'), infoOf('SUB', 'c')], all),
      new KnownInstances([infoOf('ADD', 'b'), infoOf('ADD', 'x')], all),
    ]
    const missing = ['ADD', 'SUB', 'MUL'].map((app) => [some.missingIn(others, app), others.missingIn(some, app)])
    assert.deepEqual(missing, [
      [1, 1],
      [1, 0],
      [0, 0],
    ])
  })

  it('comes by deltas to what the registry is, however often a change is told, and knows when it did not', () => {
    const change = fc.record({
      app: fc.constantFrom('ADD', 'SUB'),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      status: fc.constantFrom('UP', 'DOWN', 'OUT_OF_SERVICE'),
      isGone: fc.boolean(),
    })
    const property = fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 12 }), (polls) => {
      const registry = new Map<string, InstanceInfo>()
      // The last change of each within three polls, in the order in which they came.
      let queue: { readonly poll: number; readonly info: InstanceInfo }[] = []
      const [known, deaf] = [new KnownInstances([], all), new KnownInstances([], all)]
      polls.forEach((changes, poll) => {
        for (const { app, id, status, isGone } of changes) {
          const key = `${app}/${id}`
          if (isGone && !registry.has(key)) continue
          const before = registry.get(key)
          const action = isGone ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED'
          const info = infoOf(app, id, { status, action, lastDirtyAt: poll })
          if (isGone) registry.delete(key)
          else registry.set(key, info)
          queue = [...queue.filter((told) => told.info.app !== app || told.info.id !== id), { poll, info }]
        }
        queue = queue.filter((told) => poll - told.poll < 3)
        known.apply(queue.map(({ info }) => info))
        const full = new KnownInstances(registry.values(), all)
        assert.equal(known.hash, full.hash)
        for (const app of ['ADD', 'SUB']) {
          const sorted = (each: KnownInstances) => each.of(app).toSorted((one, other) => (one.id < other.id ? -1 : 1))
          assert.deepEqual(sorted(known), sorted(full))
        }
        // One that hears nothing has the hash of it only while the numbers happen to be the same.
        const countsOf = (each: KnownInstances) =>
          ['ADD', 'SUB'].flatMap((app) => each.of(app).map(({ status }) => status)).toSorted()
        assert.equal(deaf.hash === full.hash, countsOf(full).length === 0)
      })
    })
    fc.assert(property, { seed: 8761 })
  })
})
