// Tests of log-record.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allFields, BoundFields, chainOf, type LogRecord, sharedBound } from './log-record.ts'
import type { LogFields } from './log-value.ts'

function recordOf(bound: BoundFields | undefined, fields?: LogFields): LogRecord {
  return { at: 0, level: 'info', message: '', bound, fields }
}

const root = new BoundFields(undefined, { service: 'orders', region: 'eu' })
const left = new BoundFields(root, { shard: 1 })
const right = new BoundFields(root, { shard: 2 })
const leaf = new BoundFields(left, { user: 'u' })

describe('BoundFields', () => {
  it('is rendered once for each renderer, however many take turns', () => {
    const node = new BoundFields(undefined, { a: 1 })
    const renderers = Array.from({ length: 5 }, (_, i) => ({ count: 0, text: `text ${i}` }))
    for (let turn = 0; turn < 3; turn++) {
      for (const renderer of renderers) {
        const render = (bound: BoundFields) => {
          assert.equal(bound, node)
          renderer.count++
          return renderer.text
        }
        assert.equal(node.rendered(renderer, render), renderer.text)
      }
    }
    assert.deepEqual(
      renderers.map(({ count }) => count),
      [1, 1, 1, 1, 1],
    )
  })

  it('keeps an empty text too', () => {
    const node = new BoundFields(undefined, {})
    const renderer = {}
    assert.equal(
      node.rendered(renderer, () => ''),
      '',
    )
    assert.equal(
      node.rendered(renderer, () => assert.fail('was rendered twice')),
      '',
    )
    assert.equal(
      node.rendered({}, () => 'other'),
      'other',
    )
  })

  it('is asked again after a renderer that threw', () => {
    const node = new BoundFields(undefined, {})
    const renderer = {}
    assert.throws(() =>
      node.rendered(renderer, () => {
        throw new Error('cannot')
      }),
    )
    assert.equal(
      node.rendered(renderer, () => 'can'),
      'can',
    )
  })
})

describe('allFields', () => {
  it('has the oldest first, and the nearest value of each key', () => {
    const bound = new BoundFields(new BoundFields(undefined, { a: 1, b: 1 }), { c: 2, a: 2 })
    assert.deepEqual(Object.entries(allFields(recordOf(bound, { d: 3, b: 3 }))), [
      ['a', 2],
      ['b', 3],
      ['c', 2],
      ['d', 3],
    ])
    assert.deepEqual(allFields(recordOf(undefined)), {})
  })

  it('takes undefined for nothing', () => {
    assert.deepEqual(allFields(recordOf(root, { region: undefined, user: undefined })), root.fields)
  })

  it('has keys that every object has', () => {
    const fields = JSON.parse('{ "__proto__": 1, "constructor": 2, "toString": 3 }')
    const all = allFields(recordOf(root, fields))
    assert.deepEqual(Object.keys(all), ['service', 'region', '__proto__', 'constructor', 'toString'])
    assert.equal(Object.getPrototypeOf(all), Object.prototype)
  })
})

describe('chains', () => {
  it('are listed from the oldest on', () => {
    assert.deepEqual(chainOf(leaf), [root, left, leaf])
    assert.deepEqual(chainOf(undefined), [])
  })

  it('share what is bound in both', () => {
    assert.equal(sharedBound(leaf, leaf), leaf)
    assert.equal(sharedBound(leaf, left), left)
    assert.equal(sharedBound(left, leaf), left)
    assert.equal(sharedBound(leaf, right), root)
    assert.equal(sharedBound(leaf, new BoundFields(undefined, {})), undefined)
    assert.equal(sharedBound(undefined, leaf), undefined)
  })
})
