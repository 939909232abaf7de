// Tests of influx-statsd-format.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readTelegraf } from '../../../test/platform/dialect-harness.ts'
import { checkSpec } from '../metric-spec.ts'
import { influxStatsdFormat, valueText } from './influx-statsd-format.ts'

const format = influxStatsdFormat({ prefix: 'shop.', tags: { env: 'prod' } })

describe('the format of Influx StatsD', () => {
  it('has tags behind the name', () => {
    const spec = checkSpec({ name: 'rpc:calls', labels: ['method', 'code'] })
    const before = 'shop.rpc_calls,env=prod,method=sum,code=ok:'
    assert.deepEqual(format.counter(spec, ['sum', 'ok']), { before, after: '|c\n', extraBytes: 0 })
    assert.deepEqual(format.gauge(spec, ['sum', 'ök']).extraBytes, 1)
    assert.equal(format.counter(spec, ['', 'ok']).before, 'shop.rpc_calls,env=prod,code=ok:')
    assert.equal(influxStatsdFormat({ prefix: '', tags: {} }).counter(spec, ['', '']).before, 'rpc_calls:')
  })

  it('writes durations as timers, and all else as histograms', () => {
    const seconds = format.timing(checkSpec({ name: 'took', unit: 'seconds' }), [], 1)
    assert.deepEqual([seconds.after, seconds.millisecondsPer], ['|ms\n', 1_000])
    const bytes = format.timing(checkSpec({ name: 'size', unit: 'bytes' }), [], 0.1)
    assert.deepEqual([bytes.after, bytes.millisecondsPer], ['|h|@0.1\n', undefined])
  })

  it('comes to a gauge below zero by way of zero, and packs nothing', () => {
    assert.deepEqual([format.signAdds, format.packsTimings], [true, false])
  })

  it('replaces what a receiver would take for something else', () => {
    for (const value of ['a,b', 'a=b', 'a:b', 'a|b', 'a[b', 'a]b', 'a\nb', 'a\rb', 'a\0b', 'a\u2028b'])
      assert.equal(valueText(value), 'a_b')
    assert.equal(valueText('a\\b\\'), 'a\\b_')
    assert.equal(valueText('a b#c@d/Grüße🚀'), 'a b#c@d/Grüße🚀')
    assert.equal(valueText('x'.repeat(1_000)), 'x'.repeat(200))
  })

  it('is read by Telegraf as it was meant, whatever is in the values', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (values) => {
        const labels = values.map((_, index) => `k${index}`)
        const { before, after } = format.counter(checkSpec({ name: 'hits', labels }), values)
        const { name, tags } = readTelegraf(`${before}1${after.trim()}`)
        assert.equal(name, 'shop.hits')
        assert.deepEqual(Object.keys(tags), ['env', ...labels])
      }),
      { seed: 8 },
    )
  })
})
