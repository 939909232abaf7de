import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  addressOf,
  checkInstance,
  type Instance,
  inOrder,
  instanceAt,
  sameInstance,
  sameInstances,
  splitAddress,
} from './instance.ts'

describe('instance', () => {
  it('has its address as its id where there is nothing else', () => {
    assert.deepEqual(instanceAt('a.test:80'), { id: 'a.test:80', address: 'a.test:80' })
  })

  it('puts IPv6 addresses into brackets, and takes them out again', () => {
    assert.equal(addressOf('::1', 80), '[::1]:80')
    assert.equal(addressOf('[::1]', 80), '[::1]:80')
    assert.equal(addressOf('a.test', 80), 'a.test:80')
    assert.deepEqual(splitAddress('[fe80::1%eth0]:8080'), { host: 'fe80::1%eth0', port: 8080 })
    assert.deepEqual(splitAddress('127.0.0.1:1'), { host: '127.0.0.1', port: 1 })
  })

  for (const address of [
    '',
    'a',
    'a:',
    ':80',
    'a:0',
    'a:65536',
    'http://a:80',
    'a:80/path',
    '::1:80',
    'a b:80',
    'a\\b:80',
    5,
  ]) {
    it(`refuses ${JSON.stringify(address)} as an address`, () => {
      assert.throws(() => instanceAt(address as string), TypeError)
    })
  }

  it('refuses what makes no sense, and names it', () => {
    const good = { id: 'a', address: 'a:1' }
    const wrong: readonly [object, RegExp][] = [
      [{ id: '' }, /^TypeError: id must/],
      [{ weight: -1 }, /^RangeError: weight must/],
      [{ weight: Number.NaN }, /^RangeError: weight must/],
      [{ priority: -1 }, /^RangeError: priority must/],
      [{ zone: 5 }, /^TypeError: zone must/],
      [{ tags: 'a' }, /^TypeError: tags must/],
      [{ metadata: { a: 1 } }, /^TypeError: metadata must/],
    ]
    for (const [part, message] of wrong) assert.throws(() => checkInstance({ ...good, ...part } as Instance), message)
    assert.throws(() => checkInstance(undefined as never), /^TypeError: id must/)
    assert.equal(checkInstance(good), good)
  })

  it('is another one as soon as anything of it is', () => {
    const one: Instance = { id: 'a', address: 'a:1', weight: 1, zone: 'x', tags: ['t'], metadata: { k: 'v' } }
    assert.ok(sameInstance(one, structuredClone(one)))
    const others: Partial<Instance>[] = [
      { id: 'b' },
      { address: 'a:2' },
      { weight: 2 },
      { priority: 1 },
      { zone: 'y' },
      { tags: [] },
      { tags: ['u'] },
      { metadata: {} },
      { metadata: { k: 'w' } },
      { metadata: { l: 'v' } },
    ]
    for (const other of others) assert.ok(!sameInstance(one, { ...one, ...other }), JSON.stringify(other))
    assert.ok(!sameInstances([one], [one, one]))
  })

  it('stands in the same order wherever it comes from, and once', () => {
    const some = fc.array(fc.nat(20).map((n) => ({ id: `i${n}`, address: `a:${n + 1}` })))
    fc.assert(
      fc.property(some, (given) => {
        const ids = inOrder(given).map(({ id }) => id)
        assert.deepEqual(ids, [...new Set(given.map(({ id }) => id))].sort())
        assert.deepEqual(
          inOrder(given.toReversed()).map(({ id }) => id),
          ids,
        )
      }),
      { seed: 7 },
    )
  })

  it('is the first one of those with the same id', () => {
    const twice = [instanceAt('a:1'), { ...instanceAt('a:1'), weight: 5 }]
    assert.deepEqual(inOrder(twice), [instanceAt('a:1')])
  })
})
