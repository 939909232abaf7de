// Tests of shortened.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { messageOf } from '../../../test/platform/syslog.ts'
import { rfc3164, rfc5424 } from './format.ts'
import { cut, shortened } from './shortened.ts'
import { paramValue, visible } from './text.ts'

const sender = { facility: 'user', hostname: 'h', appName: 'a', processId: '1' } as const
const format = rfc5424(sender, 'fields@32473', false)
const head = format.head('info', 0, undefined)
const paramsOf = (values: readonly string[]) => values.map((value, n) => ` f${n}="${paramValue(value)}"`).join('')

describe('a text that is cut', () => {
  it('ends at a character, with an ellipsis', () => {
    assert.equal(cut('abcdef', 6), 'abcdef')
    assert.equal(cut('abcdefg', 6), 'abc…')
    assert.deepEqual(
      [5, 6, 7, 8, 9, 10].map((bytes) => cut('語😀語', bytes)),
      ['…', '語…', '語…', '語…', '語…', '語😀語'],
    )
    assert.equal(cut('abc', 3), 'abc')
  })
})

describe('a message that is too long', () => {
  it('keeps its fields, and loses the end of its text', () => {
    const message = messageOf(shortened(format, head, paramsOf(['x', 'y']), 'a'.repeat(500), 300))
    assert.deepEqual(message.element?.params, [
      ['f0', 'x'],
      ['f1', 'y'],
    ])
    assert.match(message.text, /^a{100,}…$/)
  })

  it('keeps its text, and leaves out the fields for which there is no room, and those alone', () => {
    const message = messageOf(shortened(format, head, paramsOf(['x', 'y'.repeat(500), 'z']), 'order placed', 300))
    assert.deepEqual(message.element?.params, [
      ['f0', 'x'],
      ['f2', 'z'],
      ['left_out', '1'],
    ])
    assert.equal(message.text, 'order placed')
  })

  it('shares the room when both are too long', () => {
    const message = shortened(format, head, paramsOf(['x', 'y'.repeat(500)]), 'a'.repeat(500), 300)
    const { element, text } = messageOf(message)
    assert.deepEqual(element?.params, [
      ['f0', 'x'],
      ['left_out', '1'],
    ])
    assert.match(text, /^a{50,}…$/)
  })

  it('of RFC 3164 loses the end of its text', () => {
    const bsd = rfc3164(sender)
    const message = shortened(bsd, bsd.head('info', 0, undefined), '', 'ü'.repeat(500), 480)
    assert.match(message, /: ü{200,}…$/)
    assert.ok(Buffer.byteLength(message) <= 480)
  })

  it('is a message, never longer than it may be', () => {
    const any = fc.string({
      unit: fc.constantFrom('a', '"', '\\', ']', '=', ' ', 'ö', '語', '😀', '\n'),
      maxLength: 300,
    })
    fc.assert(
      fc.property(any, fc.array(any, { maxLength: 8 }), fc.integer({ min: 200, max: 900 }), (raw, values, most) => {
        const text = visible(raw)
        const params = paramsOf(values)
        const message = shortened(format, head, params, text, most)
        assert.ok(Buffer.byteLength(message) <= most, `${Buffer.byteLength(message)} of ${most}`)
        const read = messageOf(message)
        if (Buffer.byteLength(format.message(head, params, text)) <= most)
          assert.equal(message, format.message(head, params, text))
        const cutAt = read.text.endsWith('…') ? read.text.length - 1 : read.text.length
        assert.equal(read.text.slice(0, cutAt), text.slice(0, cutAt))
        for (const [name, value] of read.element?.params ?? [])
          if (name !== 'left_out') assert.equal(value, visible(values[Number(name.slice(1))] ?? ''))
      }),
      { seed: 5424 },
    )
  })
})
