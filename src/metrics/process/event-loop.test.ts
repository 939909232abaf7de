// Tests of event-loop.ts, with a loop whose delays and times the test says; the real one is in test/scenarios/metrics.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { type DelayMonitor, eventLoop } from './event-loop.ts'

/** Samples of delays, in milliseconds; as Node's, each is longer by the resolution. */
class Monitor implements DelayMonitor {
  samples: number[] = []
  isEnabled = false

  get count(): number {
    return this.samples.length
  }

  get max(): number {
    return this.percentile(100)
  }

  get mean(): number {
    return (this.samples.reduce((sum, sample) => sum + sample, 0) / this.count) * 1e6
  }

  percentile(percent: number): number {
    const sorted = this.samples.toSorted((a, b) => a - b)
    return (sorted[Math.max(0, Math.ceil((percent / 100) * this.count) - 1)] ?? 511) * 1e6
  }

  enable(): void {
    this.isEnabled = true
  }

  disable(): void {
    this.isEnabled = false
  }

  reset(): void {
    this.samples = []
  }
}

function loop(windowMs = 1_000) {
  const clock = manualClock()
  const metrics = registry()
  const monitors: Monitor[] = []
  const times = { active: 0, idle: 0 }
  const source = {
    monitorEventLoopDelay: ({ resolution }: { readonly resolution: number }) => {
      assert.equal(resolution, 10)
      const monitor = new Monitor()
      monitors.push(monitor)
      return monitor
    },
    eventLoopUtilization: () => ({ ...times }),
  }
  const part = eventLoop(metrics, { windowMs, delayResolutionMs: 10, clock }, source)
  assert.ok(part !== undefined)
  return {
    clock,
    part,
    monitors,
    /** The loop works and waits for so many milliseconds, and a sample is taken. */
    async turn(activeMs: number, idleMs: number, sampleMs: number) {
      times.active += activeMs
      times.idle += idleMs
      for (const monitor of monitors) if (monitor.isEnabled) monitor.samples.push(sampleMs)
      await clock.advance(activeMs + idleMs)
    },
    read(): Record<string, unknown> {
      part.read()
      const all = Object.entries(Object.fromEntries(variables(metrics.collect())))
      return Object.fromEntries(all.map(([name, value]) => [name.replace('nodejs.eventloop.', ''), value]))
    },
  }
}

describe('eventLoop', () => {
  it('tells how late the loop came, without the time between two samples', async () => {
    const { turn, read } = loop()
    for (let tick = 0; tick < 98; tick++) await turn(1, 9, 10)
    await turn(30, 9, 40)
    await turn(200, 9, 210)
    const seen = read()
    assert.equal(seen['delay.max'], 0.2)
    assert.equal(seen['delay.p50'], 0)
    assert.equal(seen['delay.p90'], 0)
    assert.ok(Math.abs(Number(seen['delay.p99']) - 0.03) < 1e-9)
    assert.ok(Math.abs(Number(seen['delay.mean']) - 0.0023) < 1e-9)
  })

  it('is never early', async () => {
    const { turn, read } = loop()
    await turn(1, 8, 9)
    const seen = read()
    for (const name of ['max', 'mean', 'p50', 'p90', 'p99']) assert.equal(seen[`delay.${name}`], 0)
  })

  it('says nothing of delays before there is a sample', () => {
    const { read } = loop()
    assert.equal(read()['delay.max'], 0)
  })

  it('tells the share of its time that the loop worked', async () => {
    const { turn, read } = loop()
    assert.equal(read()['utilization'], 0)
    await turn(300, 700, 10)
    assert.equal(read()['utilization'], 0.3)
  })

  it('counts the time that the loop worked and waited, since it began', async () => {
    const { turn, read } = loop()
    await turn(300, 700, 10)
    read()
    await turn(100, 0, 10)
    assert.deepEqual(read()['time'], {
      'nodejs.eventloop.state=active': 0.4,
      'nodejs.eventloop.state=idle': 0.7,
    })
  })

  it('forgets after two windows, and not when it was read once', async () => {
    const { turn, read } = loop(1_000)
    await turn(500, 0, 510)
    assert.equal(read()['delay.max'], 0.5)
    assert.equal(read()['delay.max'], 0.5, 'another one who collects sees it too')
    for (let tick = 0; tick < 4; tick++) {
      await turn(0, 600, 10)
      read()
    }
    const seen = read()
    assert.deepEqual([seen['delay.max'], seen['utilization']], [0, 0])
  })

  it('samples until it is stopped', () => {
    const { part, monitors } = loop()
    assert.deepEqual(
      monitors.map(({ isEnabled }) => isEnabled),
      [true, true],
    )
    part.stop?.()
    assert.deepEqual(
      monitors.map(({ isEnabled }) => isEnabled),
      [false, false],
    )
  })

  it('is no part where the runtime has none', () => {
    const metrics = registry()
    const settings = { windowMs: 1_000, delayResolutionMs: 10, clock: manualClock() }
    assert.equal(eventLoop(metrics, settings, null), undefined)
    assert.deepEqual(metrics.collect(), [])
  })
})
