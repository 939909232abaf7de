import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { BoundedMap, mostKeys } from './bounded-map.ts'

describe('BoundedMap', () => {
  it('gives what was set, and makes what was not', () => {
    const map = new BoundedMap<string, number>({ limit: 2 })
    assert.equal(map.get('a'), undefined)
    assert.equal(
      map.getOrAdd('a', () => 1),
      1,
    )
    assert.equal(
      map.getOrAdd('a', () => 2),
      1,
    )
    map.set('a', 3)
    assert.equal(map.get('a'), 3)
    assert.equal(map.delete('a'), true)
    assert.equal(map.size, 0)
  })

  it('lets the one go that was not asked for lately', () => {
    const map = new BoundedMap<string, number>({ limit: 3 })
    for (const key of ['a', 'b', 'c']) map.set(key, 0)
    map.get('a')
    map.set('d', 0)
    assert.deepEqual(
      [...map].map(([key]) => key),
      ['a', 'c', 'd'],
    )
  })

  it('keeps what should stay while something else is left', () => {
    const map = new BoundedMap<string, 'open' | 'closed'>({ limit: 3, stays: (state) => state === 'open' })
    map.set('a', 'open')
    map.set('b', 'closed')
    map.set('c', 'open')
    map.set('d', 'closed')
    assert.deepEqual([...map].map(([key]) => key).toSorted(), ['a', 'c', 'd'])
  })

  it('lets one go that should stay when nothing else is left', () => {
    const map = new BoundedMap<string, number>({ limit: 2, stays: () => true })
    for (const key of ['a', 'b', 'c']) map.set(key, 0)
    assert.equal(map.size, 2)
    assert.equal(map.get('c'), 0)
  })

  it('looks at a few of those that should stay, however many there are', () => {
    let looks = 0
    const stays = () => {
      looks++
      return true
    }
    const map = new BoundedMap<number, number>({ limit: 10_000, stays })
    for (let key = 0; key < 10_000; key++) map.set(key, key)
    for (let key = 10_000; key < 10_100; key++) {
      looks = 0
      map.set(key, key)
      assert.ok(looks <= 16, `${looks}`)
      assert.equal(map.size, 10_000)
      assert.equal(map.get(key), key)
    }
  })

  it('never holds more than its limit, and always what was added last', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.constantFrom('get', 'add', 'delete'), fc.integer({ min: 0, max: 9 }))),
        (limit, steps) => {
          const map = new BoundedMap<number, number>({ limit, stays: (value) => value % 3 === 0 })
          for (const [step, key] of steps) {
            if (step === 'get') map.get(key)
            else if (step === 'delete') map.delete(key)
            else {
              map.getOrAdd(key, () => key)
              assert.equal(map.get(key), key)
            }
            assert.ok(map.size <= limit)
          }
        },
      ),
    )
  })

  it('holds nothing of what was dropped, however often a key comes and goes', () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const map = new BoundedMap<number, string[]>({ limit: 1_000 })
    collect()
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < 100_000; n++) {
      map.delete(n % 50)
      map.set(n % 50, [`value ${n}`])
    }
    collect()
    const grown = process.memoryUsage().heapUsed - before
    assert.equal(map.size, 50)
    assert.ok(grown < 1_000_000, `${grown} bytes are held`)
  })

  it('refuses a limit below 1', () => {
    assert.throws(() => new BoundedMap({ limit: 0 }), /limit must be an integer from 1/)
    for (const limit of [mostKeys + 1, Infinity])
      assert.throws(() => new BoundedMap({ limit }), /limit must be an integer from 1 to 8388608/)
    assert.doesNotThrow(() => new BoundedMap({ limit: mostKeys }))
  })
})
