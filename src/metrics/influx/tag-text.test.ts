// Tests of tag-text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parsePoint } from '../../../test/platform/influx-receiver.ts'
import { fieldText, keyText, measurementText, tagText } from './tag-text.ts'

describe('the texts of line protocol', () => {
  it('escape what separates', () => {
    assert.equal(measurementText('a,b c=d'), String.raw`a\,b\ c=d`)
    assert.equal(keyText('a,b c=d'), String.raw`a\,b\ c\=d`)
    assert.equal(tagText('"a", b=c'), String.raw`"a"\,\ b\=c`)
  })

  it('replace what no line can carry', () => {
    assert.equal(tagText('a\nb\r\tc\0'), 'a_b__c_')
    assert.equal(tagText('C:\\dir\\'), 'C:/dir/')
  })

  it('tell whole numbers from others', () => {
    assert.deepEqual(
      [
        fieldText(5, true),
        fieldText(5, false),
        fieldText(-0.25, false),
        fieldText(1e21, false),
        fieldText(5e-7, false),
      ],
      ['5i', '5', '-0.25', '1e+21', '5e-7'],
    )
    for (const value of [NaN, Infinity, -Infinity]) assert.equal(fieldText(value, false), undefined)
  })

  it('lead to what was meant, whatever is in them', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !/[\\\p{Cc}]/u.test(one))
    fc.assert(
      fc.property(text, text, text, fc.double({ noNaN: true, noDefaultInfinity: true }), (name, key, value, number) => {
        const line = `${measurementText(name)},${keyText(key)}=${tagText(value)} value=${fieldText(number, false)} 17`
        assert.deepEqual(parsePoint(line), {
          measurement: name,
          tags: Object.fromEntries([[key, value]]),
          fields: { value: number === 0 ? 0 : number },
          time: '17',
        })
      }),
      { seed: 3 },
    )
  })
})
