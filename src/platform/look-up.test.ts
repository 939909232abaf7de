// Tests of look-up.ts.
import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { describe, it } from 'node:test'
import { addressAfter, lookUp } from './look-up.ts'

function looked(lookup: LookupFunction): unknown {
  let heard: unknown
  const hear = (what: unknown) => {
    assert.equal(heard, undefined)
    heard = what
  }
  lookUp('statsd.test', lookup, { found: hear, failed: hear })
  return heard
}

describe('a name', () => {
  it('has addresses, those of IPv4 first', () => {
    const asked: unknown[] = []
    const heard = looked((name, options, found) => {
      asked.push(name, options)
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ])
    })
    assert.deepEqual(asked, ['statsd.test', { all: true, order: 'ipv4first' }])
    assert.deepEqual(heard, ['127.0.0.1', '::1'])
  })

  it('may be answered with one address, though all were asked for', () => {
    assert.deepEqual(
      looked((_name, _options, found) => found(null, '127.0.0.1', 4)),
      ['127.0.0.1'],
    )
  })

  it('may be unknown, or have none', () => {
    const error = new Error('no such name')
    assert.equal(
      looked((_name, _options, found) => found(error, [])),
      error,
    )
    assert.deepEqual(
      looked((_name, _options, found) => found(null, [])),
      new Error('the name has no address'),
    )
  })
})

describe('the next address', () => {
  it('is the one behind that which did not work, and the first again after the last', () => {
    const addresses = ['a', 'b', 'c']
    assert.deepEqual(
      [undefined, 'a', 'b', 'c', 'gone'].map((avoid) => addressAfter(avoid, addresses)),
      ['a', 'b', 'c', 'a', 'a'],
    )
    assert.equal(addressAfter('a', ['a']), 'a')
  })
})
