// Tests of node-name.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { above, below, checkPath, nodeName } from './node-name.ts'

describe('the name of a node', () => {
  it('is the text, but for what ZooKeeper takes for no name', () => {
    const names = ['orders-1', '10.0.0.1:80', 'a/b', '50%', '.', '..', '...', 'a\nb', 'größe', '😀', '\ue000', '\x7f']
    assert.deepEqual(names.map(nodeName), [
      'orders-1',
      '10.0.0.1:80',
      'a%2fb',
      '50%25',
      '%2e',
      '%2e%2e',
      '...',
      'a%0ab',
      'größe',
      '%f0%9f%98%80',
      '%ee%80%80',
      '%7f',
    ])
  })

  it('can be in a path, and is another one for each text', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(text, text, (one, other) => {
        checkPath('path', `/a/${nodeName(one)}`)
        assert.equal(nodeName(one) === nodeName(other), one === other)
        assert.equal(decodeURIComponent(nodeName(one)), one)
      }),
      { seed: 3 },
    )
  })
})

describe('a path', () => {
  it('is taken as ZooKeeper would take it', () => {
    for (const path of ['/', '/a', '/a/b c/50%', '/zookeeper/x.y']) assert.equal(checkPath('path', path), path)
    for (const path of ['', 'a', '/a/', '//a', '/a//b', '/a/./b', '/..', '/a\0', '/\ud83d\ude00', 7, undefined])
      assert.throws(() => checkPath('chroot', path as string), {
        name: 'TypeError',
        message: /^chroot must be a path like \/a\/b/,
      })
  })

  it('leads to what is below and above', () => {
    assert.deepEqual(
      [below('/', 'a'), below('/', '/a/b'), below('/a', '/b'), below('/a', '/'), below('/a', 'b')],
      ['/a', '/a/b', '/a/b', '/a', '/a/b'],
    )
    assert.deepEqual(['/a/b/c', '/a/b', '/a'].map(above), ['/a/b', '/a', '/'])
  })
})
