// What must hold for metrics that go to a receiver of StatsD which crashes under load and comes back.
import assert from 'node:assert/strict'
import { type Statsd, type StatsdOptions, statsd } from '../../src/metrics/statsd/statsd.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import type { OwnServer } from '../servers/own-server.ts'

/** A receiver of a test's own. */
export interface CrashingReceiver {
  readonly server: OwnServer
  /** Where it takes lines. */
  readonly url: string
  /** The dialect in which they are sent. @default statsd */
  open?(options: StatsdOptions): Statsd
  /** What it has counted by a name, since it was started. */
  counted(name: string): Promise<number>
}

const limitMs = 30_000
const maxPendingBytes = 100_000

/**
 * Counts and observes without a pause while the receiver crashes and is started again. Time is a manual clock's, so that no back-off
 * takes long; the sockets are real.
 */
export async function outage({ server, url, open = statsd, counted }: CrashingReceiver): Promise<void> {
  const clock = manualClock()
  const metrics = open({ url, prefix: 'outage.', maxPendingBytes, clock, random: () => 0.5 })
  await using _end = {
    async [Symbol.asyncDispose]() {
      void metrics[Symbol.asyncDispose]()
      await eventually(async () => {
        await clock.advance(500)
        return metrics.stats.state === 'closed'
      })
    },
  }
  const took = metrics.histogram({ name: 'took', unit: 'seconds' })
  const before = metrics.counter({ name: 'before' })
  const meanwhile = metrics.counter({ name: 'meanwhile' })
  const level = metrics.gauge({ name: 'level' })
  // A few packets at a time where they are to arrive: more than the system can hold it throws away.
  const load = async (observations = 50) => {
    for (let n = 0; n < observations; n++) took.observe(n / 1_000)
    await clock.advance(500)
    assert.ok(metrics.stats.pendingBytes <= maxPendingBytes)
  }

  before.add(3)
  level.set(-7)
  await eventually(async () => {
    await load()
    return (await counted('outage.before')) === 3
  }, limitMs)
  assert.equal(metrics.stats.dropped, 0)

  await server.crash()
  await eventually(async () => {
    await load(1_000)
    return metrics.stats.state === 'down'
  }, limitMs)
  // As much as would fill the memory that it may take, several times.
  for (let steps = 0; steps < 50; steps++) {
    meanwhile.add()
    await load(1_000)
  }
  const { dropped, lastError } = metrics.stats
  assert.ok(dropped > 10_000, `${dropped} lines were dropped`)
  assert.ok(lastError !== undefined)

  await server.restart()
  await eventually(async () => {
    await load()
    return metrics.stats.state === 'open' && (await counted('outage.meanwhile')) === 50
  }, limitMs)
  await eventually(async () => {
    await clock.advance(1_000)
    return (await counted('outage.statsd.dropped_lines')) === metrics.stats.dropped
  }, limitMs)
}
