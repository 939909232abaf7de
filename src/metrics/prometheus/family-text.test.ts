// Tests of family-text.ts: the lines of each kind of metric in both formats, and what of them is kept.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { traceContext } from '../../core/inbound.ts'
import { readTraceContext } from '../../core/metadata.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type MetricFamily, registry } from '../registry.ts'
import { exposedName } from './exposed-name.ts'
import { FamilyText } from './family-text.ts'
import type { Format } from './format.ts'

const clock = manualClock({ wallStartAt: 1_767_225_600_250 })
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traced = rootContext({ clock }).with(
  traceContext,
  readTraceContext(new Map([['traceparent', `00-${traceId}-${spanId}-01`]])),
)

/** A registry with one metric in it, and how that is written. */
function written() {
  const metrics = registry({ clock })
  let text: FamilyText | undefined
  const write = (format: Format): string[] => {
    const [family] = metrics.collect() as [MetricFamily]
    text ??= new FamilyText(family, exposedName(family))
    return text.write(family, format).trimEnd().split('\n')
  }
  return { metrics, write }
}

describe('FamilyText', () => {
  it('writes a counter, whose samples OpenMetrics wants to end in _total', () => {
    const { metrics, write } = written()
    const calls = metrics.counter({ name: 'calls', help: 'Calls "so" far.', labels: ['rpc.method', 'code'] })
    calls.with({ 'rpc.method': 'sum', code: 'ok' }).add(2)
    calls.with({ 'rpc.method': 'a"\\\n', code: '' }).add(0.5)
    assert.deepEqual(write('text'), [
      '# HELP calls Calls "so" far.',
      '# TYPE calls counter',
      'calls{rpc_method="sum",code="ok"} 2',
      String.raw`calls{rpc_method="a\"\\\n",code=""} 0.5`,
    ])
    assert.deepEqual(write('openmetrics'), [
      '# TYPE calls counter',
      String.raw`# HELP calls Calls \"so\" far.`,
      'calls_total{rpc_method="sum",code="ok"} 2',
      String.raw`calls_total{rpc_method="a\"\\\n",code=""} 0.5`,
    ])
  })

  it('writes a gauge, and its unit where the name ends in it', () => {
    const { metrics, write } = written()
    const gauge = metrics.gauge({ name: 'heap.used', unit: 'bytes' })
    gauge.set(-Infinity)
    assert.deepEqual(write('text'), ['# TYPE heap_used_bytes gauge', 'heap_used_bytes -Inf'])
    gauge.set(Number.NaN)
    assert.deepEqual(write('openmetrics'), [
      '# TYPE heap_used_bytes gauge',
      '# UNIT heap_used_bytes bytes',
      'heap_used_bytes NaN',
    ])
  })

  it('writes a histogram with what each bucket and all below it hold', () => {
    const { metrics, write } = written()
    const took = metrics.histogram({ name: 'took', buckets: [0.25, 1, 2e6], labels: ['m'] })
    for (const value of [0.1, 0.25, 0.75, 3e6]) took.with({ m: 'a' }).observe(value)
    assert.deepEqual(write('text'), [
      '# TYPE took histogram',
      'took_bucket{m="a",le="0.25"} 2',
      'took_bucket{m="a",le="1"} 3',
      'took_bucket{m="a",le="2000000"} 3',
      'took_bucket{m="a",le="+Inf"} 4',
      'took_sum{m="a"} 3000001.1',
      'took_count{m="a"} 4',
    ])
    assert.deepEqual(
      write('openmetrics').filter((line) => line.includes('le=')),
      [
        'took_bucket{m="a",le="0.25"} 2',
        'took_bucket{m="a",le="1.0"} 3',
        'took_bucket{m="a",le="2e+06"} 3',
        'took_bucket{m="a",le="+Inf"} 4',
      ],
    )
  })

  it('leaves sum and count of a histogram with a bound below zero out of OpenMetrics', () => {
    const { metrics, write } = written()
    metrics.histogram({ name: 'drift', buckets: [-1, 1] }).observe(-2)
    assert.deepEqual(write('openmetrics'), [
      '# TYPE drift histogram',
      'drift_bucket{le="-1.0"} 1',
      'drift_bucket{le="1.0"} 1',
      'drift_bucket{le="+Inf"} 1',
    ])
    assert.deepEqual(write('text').slice(-2), ['drift_sum -2', 'drift_count 1'])
  })

  it('writes a summary, whose quantiles are NaN while there is no value', () => {
    const { metrics, write } = written()
    const took = metrics.summary({ name: 'took', quantiles: [0.5, 1], labels: ['m'] }).with({ m: 'a' })
    const empty = ['NaN', 'NaN', '0', '0']
    assert.deepEqual(
      write('text')
        .slice(1)
        .map((line) => line.split(' ')[1]),
      empty,
    )
    for (let i = 0; i < 3; i++) took.observe(0)
    assert.deepEqual(write('text'), [
      '# TYPE took summary',
      'took{m="a",quantile="0.5"} 0',
      'took{m="a",quantile="1"} 0',
      'took_sum{m="a"} 0',
      'took_count{m="a"} 3',
    ])
    assert.equal(write('openmetrics')[2], 'took{m="a",quantile="1.0"} 0')
  })

  it('writes exemplars in OpenMetrics alone, behind counters and the buckets that they fell into', () => {
    const end = ` # {trace_id="${traceId}",span_id="${spanId}"} 0.5 1767225600.25`
    const counted = written()
    counted.metrics.counter({ name: 'calls' }).add(0.5, traced)
    assert.equal(counted.write('openmetrics')[1], `calls_total 0.5${end}`)
    assert.equal(counted.write('text')[1], 'calls 0.5')

    const took = written()
    took.metrics.histogram({ name: 'took', buckets: [0.1, 1] }).observe(0.5, traced)
    assert.deepEqual(took.write('openmetrics').slice(1), [
      'took_bucket{le="0.1"} 0',
      `took_bucket{le="1.0"} 1${end}`,
      'took_bucket{le="+Inf"} 1',
      'took_sum 0.5',
      'took_count 1',
    ])
    assert.ok(!took.write('text').some((line) => line.includes('#') && !line.startsWith('#')))
  })

  it('writes nothing for a metric without series', () => {
    const { metrics, write } = written()
    metrics.counter({ name: 'calls', help: 'Calls.', labels: ['code'] })
    assert.deepEqual(write('text'), [''])
  })

  it('follows series that come and go, each with its own value', () => {
    const { metrics, write } = written()
    const gauge = metrics.gauge({ name: 'up', labels: ['i'] })
    const lines = () => write('text').slice(1)
    for (const i of [1, 2, 3]) gauge.with({ i }).set(i)
    assert.deepEqual(lines(), ['up{i="1"} 1', 'up{i="2"} 2', 'up{i="3"} 3'])
    gauge.delete({ i: 1 })
    gauge.with({ i: 4 }).set(4)
    gauge.with({ i: 3 }).set(33)
    assert.deepEqual(lines(), ['up{i="2"} 2', 'up{i="3"} 33', 'up{i="4"} 4'])
    gauge.delete({ i: 2 })
    gauge.with({ i: 2 }).set(22)
    assert.deepEqual(lines(), ['up{i="3"} 33', 'up{i="4"} 4', 'up{i="2"} 22'])
  })
})
