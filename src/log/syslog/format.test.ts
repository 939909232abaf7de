// Tests of format.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rfc3164, rfc5424, type Sender } from './format.ts'

const sender: Sender = { facility: 'local0', hostname: 'orders.example.com', appName: 'orders api', processId: '47 11' }
const at = Date.UTC(2026, 10, 21, 17, 4, 5, 7)

describe('a message of RFC 5424', () => {
  const format = rfc5424(sender, 'fields@32473', false)
  const head = '<134>1 2026-11-21T17:04:05.007Z orders.example.com orders_api 47_11 - '

  it('has a header, structured data and a text, as far as there is any', () => {
    assert.equal(format.head('info', at, undefined), head)
    assert.equal(format.message(head, '', ''), `${head}-`)
    assert.equal(format.message(head, '', 'placed'), `${head}- placed`)
    assert.equal(format.message(head, ' a="1"', ''), `${head}[fields@32473 a="1"]`)
    assert.equal(format.message(head, ' a="1"', 'placed'), `${head}[fields@32473 a="1"] placed`)
  })

  it('says of which kind it is', () => {
    assert.equal(format.head('error', at, 'order placed ü').split(' ').at(-2), 'order_placed__')
    assert.equal(format.head('error', at, '').split(' ').at(-2), '-')
  })

  it('has no time where there is none, or none of four digits for the year', () => {
    for (const moment of [NaN, 8.64e15, -8.64e15])
      assert.match(format.head('debug', moment, undefined), /^<135>1 - orders/)
  })

  it('begins its text with a mark where it is told to', () => {
    assert.equal(rfc5424(sender, 'a@1', true).message('h ', '', 'ü'), 'h - \ufeffü')
    assert.equal(rfc5424(sender, 'a@1', true).message('h ', '', ''), 'h -')
  })
})

describe('a message of RFC 3164', () => {
  it('has a header, a tag and a text', () => {
    const format = rfc3164(sender)
    const local = new Date(2026, 10, 1, 7, 4, 5).getTime()
    assert.equal(format.head('warn', local, 'unseen'), '<132>Nov  1 07:04:05 orders orders_api[47_11]:')
    assert.equal(format.message('h:', '', 'msg=placed'), 'h: msg=placed')
    assert.equal(format.message('h:', '', ''), 'h:')
  })

  it('keeps addresses whole where the name of a host loses its domain', () => {
    const hostOf = (hostname: string) =>
      rfc3164({ ...sender, hostname })
        .head('info', at, undefined)
        .slice(21)
        .split(' ')[0]
    assert.deepEqual(['a.b.c', '10.0.0.7', 'fe80::1.2', 'plain', '', '.x'].map(hostOf), [
      'a',
      '10.0.0.7',
      'fe80::1.2',
      'plain',
      '-',
      '-',
    ])
  })
})
