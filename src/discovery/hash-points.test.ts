import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mix32, murmur3 } from '../primitives/murmur3.ts'
import { HashPoints } from './hash-points.ts'

const idsTo = (count: number) => Array.from({ length: count }, (_, at) => `10.0.${at >> 8}.${at & 255}:8080`)
const keysTo = (count: number) => Array.from({ length: count }, (_, at) => murmur3(`key ${at}`))

/** The ids that keys belong to. */
function owners(weights: ReadonlyMap<string, number>, keys: readonly number[]): readonly (string | undefined)[] {
  const ids = [...weights.keys()]
  const points = new HashPoints(ids, [...weights.values()])
  return keys.map((key) => ids[points.ownerOf(key)])
}

/** All points of all owners, each looked at from each place of the key, without an order or a table. */
function naiveOwner(weights: ReadonlyMap<string, number>, key: number): string | undefined {
  const unit = 2 ** Math.floor(Math.log2(Math.max(...weights.values())))
  let nearest = Infinity
  let owner: string | undefined
  for (const [id, weight] of weights)
    for (let point = 0; point < (weight / unit) * 4; point++) {
      const place = mix32(murmur3(id) + Math.imul(point, murmur3(id, 0x9e3779b9) | 1))
      const share = Math.floor(Math.min(1, (weight / unit) * 4 - point) * (2 ** 32 - 1))
      if (share < 2 ** 32 - 1 && mix32(key ^ place) >= share) continue
      for (let probe = 0; probe < 21; probe++) {
        const way = (place - mix32(key + Math.imul(probe, 0x9e3779b9))) >>> 0
        if (way < nearest) {
          nearest = way
          owner = id
        }
      }
    }
  return owner
}

const sets = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.constantFrom(0, 0.3, 1, 1, 2, 5, 100)), {
    minLength: 1,
    maxLength: 40,
    selector: ([id]) => id,
  })
  .map((pairs) => new Map(pairs))
const keys = fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 20 })

describe('HashPoints', () => {
  it('gives what a search through all points gives', () => {
    fc.assert(
      fc.property(sets, keys, (weights, some) => {
        assert.deepEqual(
          owners(weights, some),
          some.map((key) => naiveOwner(weights, key)),
        )
      }),
      { seed: 7, numRuns: 60 },
    )
  })

  it('moves no key between two that stay, and to or from one that joins or leaves about its share', () => {
    const some = keysTo(20_000)
    for (const count of [2, 5, 20, 100]) {
      const all = new Map(idsTo(count).map((id) => [id, 1]))
      const before = owners(all, some)
      for (const gone of [...all.keys()].slice(0, 3)) {
        const after = owners(new Map([...all].filter(([id]) => id !== gone)), some)
        let moved = 0
        after.forEach((owner, at) => {
          assert.notEqual(owner, gone)
          if (owner === before[at]) return
          assert.equal(before[at], gone)
          moved++
        })
        const share = (moved * count) / some.length
        assert.ok(share > 0.6 && share < 1.25, `${share} of an even share of ${count}`)
      }
    }
  })

  it('moves keys of one whose weight changes, and no others', () => {
    const some = keysTo(5_000)
    const before = new Map(idsTo(10).map((id, at) => [id, 1 + at / 10]))
    const [one] = before.keys()
    const after = owners(new Map(before).set(one as string, 1.75), some)
    owners(before, some).forEach((owner, at) => {
      if (owner !== after[at]) assert.equal(after[at], one)
    })
  })

  it('spreads keys within a fifth above an even share', () => {
    for (const count of [2, 3, 10, 100]) {
      const given = new Map<unknown, number>()
      const some = keysTo(1_000 * count)
      for (const owner of owners(new Map(idsTo(count).map((id) => [id, 1])), some))
        given.set(owner, (given.get(owner) ?? 0) + 1)
      const shares = [...given.values()].map((keys) => keys / 1_000)
      assert.equal(shares.length, count)
      assert.ok(Math.max(...shares) < 1.2, `${Math.max(...shares)}`)
      const spread = Math.sqrt(shares.reduce((sum, share) => sum + (share - 1) ** 2, 0) / count)
      assert.ok(spread < 0.18, `${spread}`)
    }
  })

  it('spreads keys by weight, however small the weight of some', () => {
    const weights = [0.1, 0.5, 1, 3, 10]
    const ids = idsTo(100)
    const set = new Map(ids.map((id, at) => [id, weights[at % 5] as number]))
    const given = new Map<number, number>()
    for (const owner of owners(set, keysTo(50_000))) {
      const weight = set.get(owner as string) as number
      given.set(weight, (given.get(weight) ?? 0) + 1)
    }
    for (const weight of weights) {
      const share = (given.get(weight) as number) / 50_000 / (weight / 14.6)
      assert.ok(share > 0.75 && share < 1.25, `${share} of what weight ${weight} should have`)
    }
  })

  it('gives what is refused to whom it would belong to if those were not there', () => {
    const ids = idsTo(30)
    const points = new HashPoints(ids, Array(30).fill(1))
    const some = keysTo(500)
    const gone = new Set(['10.0.0.3:8080', '10.0.0.7:8080', '10.0.0.20:8080'])
    const left = owners(new Map(ids.filter((id) => !gone.has(id)).map((id) => [id, 1])), some)
    const accepts = (owner: number) => !gone.has(ids[owner] as string)
    assert.deepEqual(
      some.map((key) => ids[points.ownerOf(key, { accepts })]),
      left,
    )
  })

  it('has no owner where there is none, or none that is accepted', () => {
    assert.equal(new HashPoints([], []).ownerOf(5), -1)
    assert.equal(new HashPoints(['a'], [0]).ownerOf(5), -1)
    assert.equal(new HashPoints(['a', 'b'], [1, 2]).ownerOf(5, { accepts: () => false }), -1)
  })

  it('lets a key see all points where it must', () => {
    const points = new HashPoints(['a', 'b'], [1, 1_000])
    const accepts = (owner: number) => owner === 0
    const hidden = keysTo(100).filter((key) => points.ownerOf(key, { accepts }) === -1)
    assert.ok(hidden.length > 90)
    for (const key of hidden) assert.equal(points.ownerOf(key, { accepts }, true), 0)
  })

  it('goes by the proportion of weights, however small they are', () => {
    const keys = keysTo(1_000)
    const weights = new Map([
      ['a', 4],
      ['b', 2],
      ['c', 1],
    ])
    const least = new Map(Array.from(weights, ([id, weight]) => [id, weight * Number.MIN_VALUE]))
    assert.deepEqual(owners(least, keys), owners(weights, keys))
  })
})
