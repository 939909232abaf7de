// Tests of process.ts, with this very process.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { manualClock } from '../../testing/manual-clock.ts'
import { noOpMetrics } from '../no-op.ts'
import { type Registry, registry } from '../registry.ts'
import { processMetrics } from './process.ts'

function names(metrics: Registry): string[] {
  return metrics.collect().map(({ spec }) => spec.name)
}

function cpuSeconds(metrics: Registry): number {
  const family = metrics.collect().find(({ spec }) => spec.name === 'process.cpu.time')
  assert.ok(family?.kind === 'counter')
  return family.series.reduce((sum, { value }) => sum + value, 0)
}

function collections(metrics: Registry): number {
  const family = metrics.collect().find(({ spec }) => spec.name === 'v8js.gc.duration')
  assert.ok(family?.kind === 'histogram')
  return family.series.reduce((sum, { count }) => sum + count, 0)
}

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Collects garbage, and waits for the turn of the event loop in which Node tells of it. */
async function collectGarbage(): Promise<void> {
  gc()
  for (let turn = 0; turn < 5; turn++) await manualClock().settle()
}

function trulyUsed(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

describe('processMetrics', () => {
  it('measures all there is, under the names of OpenTelemetry where it has one', () => {
    const metrics = registry()
    using _measuring = processMetrics(metrics)
    const expected = [
      'nodejs.eventloop.delay.max',
      'nodejs.eventloop.delay.mean',
      'nodejs.eventloop.delay.p50',
      'nodejs.eventloop.delay.p90',
      'nodejs.eventloop.delay.p99',
      'nodejs.eventloop.utilization',
      'nodejs.eventloop.time',
      'v8js.gc.duration',
      'process.memory.usage',
      'process.memory.heap.used',
      'process.memory.heap.size',
      'process.memory.external',
      'process.memory.array_buffers',
      'v8js.memory.heap.used',
      'v8js.memory.heap.space.size',
      'v8js.memory.heap.space.available_size',
      'process.memory.heap.limit',
      'process.cpu.time',
      'v8js.resource.active',
      'process.unix.file_descriptor.count',
      'process.unix.file_descriptor.limit',
      'process.uptime',
      'process.start_time',
      'process.runtime.info',
    ]
    const onAnySystem = expected.filter((name) => process.platform === 'linux' || !name.startsWith('process.unix'))
    assert.deepEqual(names(metrics), onAnySystem)
  })

  it('says of each metric whether it may be summed over hosts', () => {
    const metrics = registry()
    using _measuring = processMetrics(metrics)
    for (const { spec } of metrics.collect())
      assert.match(spec.help, /^Host-local: .+\.$|May be summed over hosts\.$|Summed over hosts .+\.$/, spec.name)
  })

  it('gives numbers, in not many series', () => {
    const metrics = registry()
    using _measuring = processMetrics(metrics)
    const values = metrics
      .collect()
      .flatMap(({ series }) => series.map((one) => ('value' in one ? one.value : one.sum)))
    assert.ok(values.every((value) => value >= 0))
    assert.ok(values.length > 20 && values.length < 80, `${values.length} series`)
  })

  it('measures nothing any more once it is disposed, and holds nothing', () => {
    const metrics = registry()
    const before = process.getActiveResourcesInfo()
    const measuring = processMetrics(metrics)
    const used = cpuSeconds(metrics)
    assert.ok(used > 0)
    assert.deepEqual(process.getActiveResourcesInfo(), before)
    measuring[Symbol.dispose]()
    measuring[Symbol.dispose]()
    assert.equal(cpuSeconds(metrics), used)
    assert.deepEqual(process.getActiveResourcesInfo(), before)
  })

  it('counts once what two measure into the same metrics, until both have ended', async () => {
    const metrics = registry()
    const others = registry()
    using _measuring = processMetrics(others)
    const first = processMetrics(metrics)
    const second = processMetrics(metrics, { windowMs: 60_000 })
    assert.ok(cpuSeconds(metrics) <= trulyUsed())
    await collectGarbage()
    assert.equal(collections(metrics), collections(others))
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    const used = cpuSeconds(metrics)
    while (trulyUsed() < used + 0.005);
    assert.ok(cpuSeconds(metrics) > used, 'the second one still measures')
    second[Symbol.dispose]()
  })

  it('goes on counting where it had ended when it is begun again', () => {
    const metrics = registry()
    processMetrics(metrics)[Symbol.dispose]()
    for (let time = 0; time < 3; time++) {
      using _measuring = processMetrics(metrics)
      const used = cpuSeconds(metrics)
      assert.ok(used > 0 && used <= trulyUsed())
    }
  })

  it('measures the same into several metrics', () => {
    const both = [registry(), registry()]
    const measuring = both.map((metrics) => processMetrics(metrics))
    assert.deepEqual(...(both.map(names) as [string[], string[]]))
    for (const one of measuring) one[Symbol.dispose]()
  })

  it('shows the rest when something cannot be read', (t) => {
    const metrics = registry()
    using _measuring = processMetrics(metrics)
    t.mock.method(process, 'memoryUsage', () => {
      throw new Error('not implemented')
    })
    t.mock.method(process, 'getActiveResourcesInfo', () => {
      throw new Error('not implemented')
    })
    assert.ok(cpuSeconds(metrics) > 0)
  })

  it('starts nothing when a metric of the same name is there and differs', async () => {
    const metrics = registry()
    metrics.counter({ name: 'process.uptime' })
    assert.throws(() => processMetrics(metrics), { name: 'TypeError', message: /process\.uptime is there already/ })
    assert.throws(() => processMetrics(metrics), TypeError)
    await collectGarbage()
    assert.deepEqual([cpuSeconds(metrics), collections(metrics)], [0, 0])
  })

  it('costs nothing to speak of where nothing is measured', () => {
    processMetrics(noOpMetrics)[Symbol.dispose]()
  })

  it('refuses options that make no sense', () => {
    for (const windowMs of [0, 999, NaN, Infinity])
      assert.throws(() => processMetrics(registry(), { windowMs }), { name: 'RangeError', message: /^windowMs / })
    for (const delayResolutionMs of [0, 1.5, 1_001, NaN])
      assert.throws(() => processMetrics(registry(), { delayResolutionMs, clock: manualClock() }), {
        name: 'RangeError',
        message: /^delayResolutionMs /,
      })
  })
})
