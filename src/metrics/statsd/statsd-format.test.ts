// Tests of statsd-format.ts: what names become.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkSpec } from '../metric-spec.ts'
import { statsdFormat } from './statsd-format.ts'

const nameOf = (values: readonly string[], name = 'calls', prefix = ''): string =>
  statsdFormat(prefix)
    .counter(checkSpec({ name, labels: values.map((_, index) => `l${index}`) }), values)
    .before.slice(0, -1)

describe('the format of StatsD', () => {
  it('has a type for each kind', () => {
    const { signAdds, counter, gauge, timing } = statsdFormat('shop.')
    const spec = checkSpec({ name: 'took', unit: 'seconds' })
    assert.deepEqual(
      [signAdds, counter(spec, []), gauge(spec, []), timing(spec, [], 1), timing(spec, [], 0.1)],
      [
        true,
        { before: 'shop.took:', after: '|c\n', extraBytes: 0 },
        { before: 'shop.took:', after: '|g\n', extraBytes: 0 },
        { before: 'shop.took:', after: '|ms\n', extraBytes: 0, millisecondsPer: 1_000 },
        { before: 'shop.took:', after: '|ms|@0.1\n', extraBytes: 0, millisecondsPer: 1_000 },
      ],
    )
  })

  it('leaves values as they are whose unit is none of time', () => {
    const timing = (unit: string) => statsdFormat('').timing(checkSpec({ name: 'size', unit }), [], 1)
    assert.equal(timing('bytes').millisecondsPer, undefined)
    assert.equal(timing('').millisecondsPer, undefined)
  })

  it('puts the values of labels behind the name, in the order of the labels', () => {
    assert.equal(nameOf(['addsvc_sum', 'ok'], 'rpc.server.calls', 'shop.'), 'shop.rpc.server.calls.addsvc_sum.ok')
  })

  it('replaces what would end a name, a part of it or a line', () => {
    const values = ['a:b', 'a|b', 'a@b', 'a#b', 'a\nb', 'a b', 'a/b', 'a.b', 'a,b', 'a=b', 'a;b', 'aéb', 'a🚀b', 'a\0b']
    for (const value of values) assert.equal(nameOf([value]), 'calls.a_b')
    assert.equal(nameOf(['a-b_C9']), 'calls.a-b_C9')
    assert.equal(nameOf(['', '/']), 'calls._._')
    assert.equal(nameOf([], 'jvm:gc.time'), 'jvm_gc.time')
  })

  it('ends long values', () => {
    assert.equal(nameOf(['x'.repeat(2_000), 'y']), `calls.${'x'.repeat(100)}.y`)
  })

  it('makes a good name of whatever there is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
        assert.match(nameOf(values), /^calls(?:\.[A-Za-z0-9_-]{1,100})*$/)
        assert.equal(nameOf(values).split('.').length, values.length + 1)
      }),
    )
  })
})
