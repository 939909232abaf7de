// Tests of graphite-names.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkSpec } from '../metric-spec.ts'
import { pathNames, taggedNames } from './graphite-names.ts'

const spec = (...labels: string[]) => checkSpec({ name: 'rpc.calls', labels })

describe('taggedNames', () => {
  it('writes labels as tags, and then those of every series', () => {
    const names = taggedNames('shop.', { host: 'h1', code: 'never' })
    const series = names.series(spec('method', 'code'), ['sum', 'ok'])
    assert.equal(series, ';method=sum;code=ok;host=h1')
    assert.equal(names.name(spec(), series, ''), 'shop.rpc.calls;method=sum;code=ok;host=h1')
    assert.equal(names.name(spec(), series, 'p99.9'), 'shop.rpc.calls.p99_9;method=sum;code=ok;host=h1')
    assert.equal(taggedNames('', {}).series(spec(), []), '')
  })

  it('leaves a value as it is but for what Graphite does not take', () => {
    const names = taggedNames('', {})
    for (const [value, written] of [
      ['/orders/:id?a=b&c=!^', '/orders/:id?a=b&c=!^'],
      ['Grüße 日本\u3000語', 'Grüße_日本_語'],
      ['a;b\nc\x1cd\x85e\0f', 'a_b_c_d_e_f'],
      ['~a~', '_a~'],
      ['', '_'],
      ['{a="b"}', '{a=_b_}'],
    ] as const)
      assert.equal(names.series(spec('a'), [value]), `;a=${written}`)
  })

  it('does not call a label like the tag of the metric itself', () => {
    const names = taggedNames('', {})
    assert.equal(names.series(spec('name', 'name_'), ['x', 'y']), ';name__=x;name_=y')
  })

  it('makes lines that carbon can read, of whatever is in the values', () => {
    const names = taggedNames('', {})
    // As `str.split` of Python and `TaggedSeries.validateTagAndValue` of carbon have it.
    const form = /^rpc\.calls;a=[^~;\s\p{Cc}][^;\s\p{Cc}]*;b=[^~;\s\p{Cc}][^;\s\p{Cc}]*$/u
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 300 }), (a, b) => {
        const name = names.name(spec(), names.series(spec('a', 'b'), [a, b]), '')
        assert.match(name, form)
        assert.ok(!name.endsWith('"}'))
      }),
      { seed: 11 },
    )
  })

  it('stays below the longest line of carbon, however many labels there are', () => {
    const labels = Array.from({ length: 60 }, (_, index) => `label_${index}`)
    const series = taggedNames('', { host: '日'.repeat(500) }).series(
      spec(...labels),
      labels.map(() => '日'.repeat(1_000)),
    )
    assert.ok(Buffer.byteLength(series) < 14_000)
    assert.equal(taggedNames('', {}).series(spec('a'), ['x'.repeat(1_000)]).length, 203)
  })
})

describe('pathNames', () => {
  it('writes the values of labels as parts of the path', () => {
    const names = pathNames('shop.')
    const series = names.series(spec('method', 'code'), ['a.b c', ''])
    assert.equal(series, '.a_b_c._')
    assert.equal(names.name(spec(), series, ''), 'shop.rpc.calls.a_b_c._')
    assert.equal(names.name(spec(), series, 'le_0.5'), 'shop.rpc.calls.a_b_c._.le_0_5')
    assert.equal(names.series(spec('a'), ['x'.repeat(300)]).length, 101)
  })
})
