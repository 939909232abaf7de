// Tests of body-text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonSink } from '../json/sink.ts'
import { logfmtSink } from '../logfmt/sink.ts'
import { bodyText } from './body-text.ts'

const record = { at: 0, level: 'info', message: 'placed', bound: undefined, fields: { items: 3 } } as const
const withoutHead = { timeKey: false, levelKey: false } as const

describe('the text of a body', () => {
  it('is what a sink writes, without the line feed at its end', () => {
    assert.equal(bodyText((to) => logfmtSink(to, withoutHead))(record), 'msg=placed items=3')
    const text = bodyText((to) => jsonSink(to, withoutHead))
    assert.equal(text(record), '{"msg":"placed","items":3}')
    assert.equal(text(record), '{"msg":"placed","items":3}')
  })

  it('is all that is written of one record', () => {
    const text = bodyText((to) => ({
      write({ message }) {
        to.write('a\n')
        to.write(`${message}\n`)
      },
    }))
    assert.equal(text(record), 'a\nplaced')
    assert.equal(bodyText(() => ({ write() {} }))(record), '')
  })

  it('has nothing of what a sink wrote before it threw', () => {
    let throwing = true
    const text = bodyText((to) => ({
      write() {
        to.write('x')
        if (throwing) throw new Error('cannot')
      },
    }))
    assert.throws(() => text(record), /cannot/)
    throwing = false
    assert.equal(text(record), 'x')
  })

  it('is refused of what is no sink', () => {
    assert.throws(() => bodyText(() => ({}) as never), /^TypeError: a sink must be/)
  })
})
