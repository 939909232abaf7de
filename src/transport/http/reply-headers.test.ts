// Tests of reply-headers.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Inbound } from '../../core/inbound.ts'
import { replyHeaders, trailersOf } from './reply-headers.ts'

const call = () => new Inbound(new Map(), '', false)

describe('replyHeaders', () => {
  it('are those given, and then those of the handler, which win', () => {
    const inbound = call().setHeader('X-A', '1').setHeader('content-type', 'text/csv')
    assert.deepEqual(replyHeaders(['content-type', 'application/json', 'x-b', '2'], inbound), [
      'x-b',
      '2',
      'x-a',
      '1',
      'content-type',
      'text/csv',
    ])
    assert.deepEqual(replyHeaders(['x-b', '2'], undefined), ['x-b', '2'])
  })

  it('have a header for each cookie', () => {
    const headers = replyHeaders([], call().setCookie('a', '1').setCookie('b', '2'))
    assert.deepEqual(
      headers.filter((_, i) => i % 2 === 0),
      ['set-cookie', 'set-cookie'],
    )
  })

  it('leave the list that was given as it is', () => {
    const given = ['x-b', '2']
    replyHeaders(given, call().setHeader('x-a', '1'))
    assert.deepEqual(given, ['x-b', '2'])
  })
})

describe('trailersOf', () => {
  it('are those that the handler has set', () => {
    assert.deepEqual(trailersOf(call().setTrailer('X-A', '1').setTrailer('x-b', '2')), ['x-a', '1', 'x-b', '2'])
    assert.deepEqual([trailersOf(call()), trailersOf(undefined)], [[], []])
  })
})
