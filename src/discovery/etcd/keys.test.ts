import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { base64, behind, checkPath, checkService, keyOf, prefixOf, rangeOf, textOf } from './keys.ts'

const isIn = (key: string, { key: from, range_end: to }: { key: string; range_end: string }): boolean => {
  const bytes = Buffer.from(key)
  return bytes.compare(Buffer.from(from, 'base64')) >= 0 && bytes.compare(Buffer.from(to, 'base64')) < 0
}

describe('keys', () => {
  it('puts instances below their service, and services below the path', () => {
    assert.equal(keyOf('/services', 'orders', 'i1'), '/services/orders/i1')
    assert.equal(keyOf('', 'orders', '10.0.0.1:80'), 'orders/10.0.0.1:80')
    assert.equal(keyOf('/a', 'orders', 'x/y%z ä'), '/a/orders/x%2Fy%25z ä')
  })

  it('does not take the keys of barsvc2 for those of bar', () => {
    const range = rangeOf(prefixOf('/services', 'bar'))
    const keys = ['/services/bar/1', '/services/bar/', '/services/bar/1/2', '/services/bar', '/services/barsvc2/1']
    assert.deepEqual(
      keys.map((key) => isIn(key, range)),
      [true, true, true, false, false],
    )
  })

  it('has all keys with a prefix in its range, and no others', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 4 })
    fc.assert(
      fc.property(text, text, fc.boolean(), (service, other, isBelow) => {
        const prefix = `/services/${service}/`
        const key = isBelow ? prefix + other : `/services/${other}`
        assert.equal(isIn(key, rangeOf(prefix)), key.startsWith(prefix))
      }),
      { seed: 1 },
    )
  })

  it('keeps ids apart', () => {
    const id = fc.string({ unit: fc.constantFrom('/', '%', '2', 'F', 'f', 'a') })
    fc.assert(
      fc.property(id, id, (one, other) => {
        assert.equal(keyOf('/s', 'x', one) === keyOf('/s', 'x', other), one === other)
        assert.equal(keyOf('/s', 'x', one).split('/').length, 4)
      }),
      { seed: 1 },
    )
  })

  it('goes on behind a key', () => {
    assert.equal(textOf(behind(base64('/a/ä'))), '/a/ä\0')
  })

  it('refuses what is no path and no service', () => {
    assert.deepEqual(['/a/b//', '/', ''].map(checkPath), ['/a/b', '', ''])
    assert.throws(() => checkPath(1), { message: 'path must be a text like /services' })
    assert.equal(checkService('orders'), 'orders')
    for (const service of ['a/b', '', 1, undefined])
      assert.throws(() => checkService(service), /^TypeError: service must be a text without a slash/)
  })
})
