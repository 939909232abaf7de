// Tests of target.ts: what was asked for is read once, and nothing in it can be misread.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeSegment, queryOf, splitTarget } from './target.ts'

/** Text that percent-encoding can carry. */
const readable = fc
  .string({ unit: 'grapheme' })
  .map((text) => text.toWellFormed().replaceAll('\0', ''))
  .filter((text) => text !== '')

describe('splitTarget', () => {
  it('cuts path and query at the first question mark', () => {
    assert.deepEqual(splitTarget('/a/b'), { path: '/a/b', query: '' })
    assert.deepEqual(splitTarget('/a?b=1?c'), { path: '/a', query: 'b=1?c' })
    assert.deepEqual(splitTarget('/a?'), { path: '/a', query: '' })
    assert.deepEqual(splitTarget('/?a'), { path: '/', query: 'a' })
  })

  it('drops a fragment, which no server should see', () => {
    assert.deepEqual(splitTarget('/a?b#c?d'), { path: '/a', query: 'b' })
    assert.deepEqual(splitTarget('/a#b?c'), { path: '/a', query: '' })
  })

  it('drops scheme and host of the absolute form', () => {
    assert.deepEqual(splitTarget('http://host:80/a?b'), { path: '/a', query: 'b' })
    assert.deepEqual(splitTarget('HTTPS://u@host/a'), { path: '/a', query: '' })
    assert.deepEqual(splitTarget('http://[::1]:80/a'), { path: '/a', query: '' })
    assert.deepEqual(splitTarget('http://host'), { path: '/', query: '' })
    assert.deepEqual(splitTarget('http://host?a=1'), { path: '/', query: 'a=1' })
  })

  it('takes no part of a path for a host', () => {
    assert.deepEqual(splitTarget('//host/a'), { path: '//host/a', query: '' })
    assert.deepEqual(splitTarget('/http://host/a'), { path: '/http://host/a', query: '' })
  })

  it('leaves what is no path as it is, so that no route answers it', () => {
    for (const target of ['*', 'a/b', 'ftp://host/a', 'host:443']) assert.equal(splitTarget(target).path, target)
  })

  it('leaves everything encoded', () => {
    assert.deepEqual(splitTarget('/a%3Fb%23?c%23=%3F+'), { path: '/a%3Fb%23', query: 'c%23=%3F+' })
  })
})

describe('decodeSegment', () => {
  it('gives back every text that was encoded', () => {
    const named = readable.filter((text) => text !== '.' && text !== '..')
    fc.assert(fc.property(named, (text) => assert.equal(decodeSegment(encodeURIComponent(text)), text)))
  })

  it('refuses what whoever resolves it takes for another path', () => {
    for (const segment of ['.', '..', '%2e', '%2E%2e', '.%2e']) {
      assert.throws(() => decodeSegment(segment), { code: 'invalid_argument', message: /segment that is \. or \.\./ })
    }
    assert.equal(decodeSegment('...'), '...')
  })

  it('leaves a plus as it is: only a query means a space by it', () => {
    assert.equal(decodeSegment('a+b%2Bc'), 'a+b+c')
  })

  it('decodes once and no more', () => {
    assert.equal(decodeSegment('%252F%2F'), '%2F/')
  })

  it('refuses what is not percent-encoded UTF-8, or hides a NUL', () => {
    for (const segment of ['%', 'a%', '%2', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%f5%80%80%80', '%00', 'a%00b']) {
      assert.throws(() => decodeSegment(segment), { code: 'invalid_argument', message: /^the path/ }, segment)
    }
  })
})

describe('queryOf', () => {
  it('reads names and values in order, repeated ones included', () => {
    assert.deepEqual(queryOf('b=1&a=2&b=3'), [
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
    ])
  })

  it('reads a name alone as one with an empty value, and nothing between two ampersands as nothing', () => {
    assert.deepEqual(queryOf('a&b=&=c'), [
      ['a', ''],
      ['b', ''],
      ['', 'c'],
    ])
    assert.deepEqual(queryOf('&&a=1&'), [['a', '1']])
    assert.deepEqual(queryOf(''), [])
    assert.deepEqual(queryOf('&'), [])
  })

  it('cuts at the first equals sign', () => {
    assert.deepEqual(queryOf('a=b=c'), [['a', 'b=c']])
  })

  it('decodes after it has cut', () => {
    assert.deepEqual(queryOf('a%26b%3D=c%26d%3D'), [['a&b=', 'c&d=']])
    assert.deepEqual(queryOf('a+b=c+d%2B'), [['a b', 'c d+']])
  })

  it('reads what URLSearchParams has written', () => {
    const pairs = fc.array(fc.tuple(fc.oneof(readable, fc.constant('__proto__')), readable))
    fc.assert(fc.property(pairs, (given) => assert.deepEqual(queryOf(new URLSearchParams(given).toString()), given)))
  })

  it('refuses what is not percent-encoded UTF-8, or hides a NUL, in names and in values', () => {
    for (const text of ['%', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%00']) {
      const refusal = { code: 'invalid_argument', message: /^the query/ }
      assert.throws(() => queryOf(`${text}=1`), refusal)
      assert.throws(() => queryOf(`a=1&b=${text}`), refusal)
    }
  })
})
