// The metrics of a real process: a block of the event loop shows, to everybody who collects, and measuring holds nothing open.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { processMetrics } from 'servicekit/metrics/process/process'
import { type Registry, registry } from 'servicekit/metrics/registry'

const blockMs = 200
/** A sample is due within this time, also on a machine that has other things to do. */
const sampleMs = 50

function block(): void {
  const until = performance.now() + blockMs
  while (performance.now() < until);
}

function collect(metrics: Registry): {
  readonly longest: number
  readonly utilization: number
  readonly active: number
} {
  const values = new Map(
    metrics
      .collect()
      .flatMap(({ spec, series }) =>
        series.flatMap((one) => ('value' in one ? [[[spec.name, ...one.values].join(' '), one.value] as const] : [])),
      ),
  )
  return {
    longest: values.get('nodejs.eventloop.delay.max') ?? NaN,
    utilization: values.get('nodejs.eventloop.utilization') ?? NaN,
    active: values.get('nodejs.eventloop.time active') ?? NaN,
  }
}

describe('the metrics of a process', () => {
  it('show a block of the event loop at the next collection', async () => {
    const metrics = registry()
    const beganAt = performance.now()
    using _measuring = processMetrics(metrics)
    await sleep(sampleMs)
    const before = collect(metrics)
    block()
    await sleep(sampleMs)
    const after = collect(metrics)
    // The sample before may have been up to its resolution ago.
    assert.ok(after.longest >= blockMs / 1e3 - 0.011, `the longest delay is ${after.longest} s`)
    assert.ok(after.longest < 10)
    assert.ok(after.active - before.active >= 0.19, `the loop was active for ${after.active - before.active} s`)
    // On a busy machine the rest may take any time.
    const least = 190 / (performance.now() - beganAt)
    assert.ok(after.utilization >= least && after.utilization <= 1, `the utilisation is ${after.utilization}`)
  })

  it('show it to each of several who collect', async () => {
    const metrics = registry()
    using _measuring = processMetrics(metrics)
    await sleep(sampleMs)
    block()
    await sleep(sampleMs)
    for (let collector = 0; collector < 3; collector++) assert.ok(collect(metrics).longest >= blockMs / 1e3 - 0.011)
  })

  it('let the process end by itself', () => {
    const program = `
      import { processMetrics } from 'servicekit/metrics/process/process'
      import { registry } from 'servicekit/metrics/registry'
      const metrics = registry()
      processMetrics(metrics)
      setTimeout(() => console.log(metrics.collect().length > 20), 100)`
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.deepEqual({ status, signal, stdout }, { status: 0, signal: null, stdout: 'true\n' }, stderr)
  })
})
