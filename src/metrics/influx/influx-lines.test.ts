// Tests of influx-lines.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { confirmAll, Increases } from '../increases.ts'
import { registry } from '../registry.ts'
import { type InfluxLineOptions, InfluxLines } from './influx-lines.ts'

function scene(options?: Partial<InfluxLineOptions>) {
  const metrics = registry()
  const increases = new Increases()
  const lines = new InfluxLines({ prefix: '', tags: {}, buckets: false, ...options })
  const written = () => {
    const all: string[] = []
    const families = increases.take(metrics.collect())
    lines.write(families, '17', (line) => all.push(line))
    confirmAll(families)
    assert.ok(all.every((line) => line.endsWith(' 17\n')))
    return all.map((line) => line.slice(0, -' 17\n'.length))
  }
  return { metrics, written }
}

describe('InfluxLines', () => {
  it('writes what counters gained, the first time and when it is something', () => {
    const { metrics, written } = scene()
    const calls = metrics.counter({ name: 'rpc.calls', labels: ['method'] })
    calls.with({ method: 'sum' }).add(2)
    calls.with({ method: 'none' })
    assert.deepEqual(written(), ['rpc.calls,method=sum value=2', 'rpc.calls,method=none value=0'])
    assert.deepEqual(written(), [])
    calls.with({ method: 'sum' }).add(0.5)
    assert.deepEqual(written(), ['rpc.calls,method=sum value=0.5'])
  })

  it('writes gauges each time, as floats', () => {
    const { metrics, written } = scene()
    const level = metrics.gauge({ name: 'level' })
    assert.deepEqual(written(), ['level value=0'])
    level.set(-1.5)
    assert.deepEqual(written(), ['level value=-1.5'])
    level.set(NaN)
    assert.deepEqual(written(), [])
  })

  it('writes whole counts, sums and quantiles of what histograms and summaries gained', () => {
    const { metrics, written } = scene({ buckets: true })
    const took = metrics.histogram({ name: 'took', buckets: [0.5, 10] })
    const waited = metrics.summary({ name: 'waited', quantiles: [0.999], relativeErrorRatio: 0.0001 })
    assert.deepEqual(written(), ['took count=0i,sum=0,le_0.5=0i,le_10=0i', 'waited count=0i,sum=0'])
    assert.deepEqual(written(), [])
    took.observe(0.5)
    waited.observe(0)
    assert.deepEqual(written(), [
      'took count=1i,sum=0.5,le_0.5=1i,le_10=1i,p50=0.25,p90=0.45,p95=0.475,p99=0.495',
      'waited count=1i,sum=0,p99.9=0',
    ])
  })

  it('sorts tags, has those of every series, and leaves out those that are empty', () => {
    const { metrics, written } = scene({ prefix: 'my shop.', tags: { host: 'h 1', b: 'never', zone: '' } })
    metrics
      .gauge({ name: 'level', labels: ['z', 'b', 'e'] })
      .with({ z: '1,2', b: 'x', e: '' })
      .set(1)
    assert.deepEqual(written(), [String.raw`my\ shop.level,b=x,host=h\ 1,z=1\,2 value=1`])
  })

  it('does not call a tag like a column of InfluxDB', () => {
    const { metrics, written } = scene()
    metrics
      .gauge({ name: 'level', labels: ['time', 'time_', '_field', '_measurement'] })
      .with({ time: 1, time_: 2, _field: 3, _measurement: 4 })
      .set(1)
    assert.deepEqual(written(), ['level,_field_=3,_measurement_=4,time_=2,time__=1 value=1'])
  })

  it('adds up what is written alike', () => {
    const { metrics, written } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    const took = metrics.summary({ name: 'took', labels: ['of'], quantiles: [] })
    for (const label of ['a\\', 'a/']) {
      calls.with({ of: label }).add(2)
      took.with({ of: label }).observe(3)
    }
    assert.deepEqual(written(), ['calls,of=a/ value=4', 'took,of=a/ count=2i,sum=6'])
  })
})
