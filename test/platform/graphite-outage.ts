// What must hold for metrics that go to a receiver of Graphite which crashes under load and comes back.
import assert from 'node:assert/strict'
import { graphite } from '../../src/metrics/graphite/graphite.ts'
import { eventually } from '../../src/testing/eventually.ts'
import type { OwnServer } from '../servers/own-server.ts'

/** A receiver of a test's own. */
export interface CrashingReceiver {
  readonly server: OwnServer
  /** Where it takes lines. */
  readonly url: string
  /** The values of the counter `outage.calls` that it knows, oldest first. */
  known(): Promise<readonly number[]>
}

const limitMs = 60_000
const maxPendingBytes = 100_000

/** Counts and observes without a pause while the receiver crashes and is started again. */
export async function outage({ server, url, known }: CrashingReceiver): Promise<void> {
  await using metrics = graphite({ url, prefix: 'outage.', maxPendingBytes, intervalMs: 50 })
  const calls = metrics.counter({ name: 'calls' })
  const took = metrics.histogram({ name: 'took', labels: ['of'] })
  let counted = 0
  const load = () => {
    for (let n = 0; n < 100; n++) {
      calls.add()
      counted++
      took.with({ of: n }).observe(n / 1_000)
    }
    assert.ok(metrics.stats.pendingBytes <= maxPendingBytes)
  }

  await eventually(async () => {
    load()
    return (await known()).length > 0
  }, limitMs)
  const before = counted

  await server.crash()
  await eventually(async () => {
    load()
    return metrics.stats.state === 'down'
  }, limitMs)
  assert.ok(metrics.stats.lastError !== undefined)
  const { dropped } = metrics.stats
  let steps = 0
  await eventually(() => {
    load()
    return ++steps === 50
  }, limitMs)
  await metrics.flush()
  assert.ok(metrics.stats.dropped <= dropped + 20_000, 'while it is down nothing is written')
  assert.ok(metrics.stats.pendingBytes <= maxPendingBytes)

  await server.restart()
  await eventually(async () => {
    load()
    return metrics.stats.state === 'open'
  }, limitMs)
  const total = counted
  // Totals are late, and not lost: what was counted while nobody listened is in the next line.
  await eventually(async () => {
    await metrics.flush()
    return Math.max(...(await known())) >= total
  }, limitMs)
  assert.ok(total > before)
  assert.equal(Math.max(...(await known())), counted, 'nothing counts twice')
}
