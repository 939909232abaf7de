// Tests of text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { paramsOf } from '../../../test/platform/syslog.ts'
import { headerText, paramName, paramValue, tagText, visible } from './text.ts'

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('"', '\\', ']', '[', '=', ' ', '\n', '\0', '\ud800', 'ö'), fc.string()),
})

describe('texts of syslog', () => {
  it('show control characters, and all else as it is', () => {
    assert.equal(
      visible('a\nb\r\tc\0d\x1b[2Je\x7f\x85\x9b\u2028\u2029'),
      'a\\nb\\r\\tc\\u0000d\\u001b[2Je\\u007f\\u0085\\u009b\\u2028\\u2029',
    )
    assert.equal(visible('Grüße, 世界 🚀 "\\]'), 'Grüße, 世界 🚀 "\\]')
  })

  it('are printable ASCII in the header, a character for a character', () => {
    assert.equal(headerText('orders api\n', 48), 'orders_api_')
    assert.equal(headerText('größe🚀.x', 48), 'gr__e_.x')
    assert.equal(headerText('x'.repeat(50), 48).length, 48)
    assert.equal(headerText('', 48), '-')
  })

  it('are names in a tag of RFC 3164', () => {
    assert.equal(tagText('orders[1]: api/v2.0_b-c'), 'orders_1___api/v2.0_b-c')
    assert.equal(tagText('x'.repeat(33)).length, 32)
    assert.equal(tagText(''), '-')
  })

  it('come back from structured data, whatever is in them', () => {
    fc.assert(
      fc.property(anyText, anyText, (key, value) => {
        const name = paramName(key)
        assert.match(name, /^[!#-<>-\\^-~]{1,32}$/)
        assert.deepEqual(paramsOf(` ${name}="${paramValue(value)}" next="1"`), [
          [name, visible(value)],
          ['next', '1'],
        ])
      }),
      { seed: 5424 },
    )
  })
})
