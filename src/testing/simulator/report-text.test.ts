// Tests of report-text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simulation } from './simulation.ts'

describe('the text of a report', () => {
  it('is a table of each kind of part', async () => {
    const sim = simulation({ seed: 'here' })
    const leaf = sim.server('leaf', { instances: 2, slots: 4, serviceMs: 10 })
    leaf.instance(0).fail(1)
    const weights = { critical: 1 } as const
    sim.load('callers', { perSecond: 100, arrivals: 'even', call: leaf.client(), criticality: weights, untilMs: 990 })
    assert.equal(
      (await sim.run(1_000)).text(),
      `Seed here, from 0 s to 1 s of virtual time.

load        offered  a second  succeeded    success  goodput/s  p50 ms  p90 ms  p95 ms  p99 ms  p99.9 ms  max ms  failed p99 ms
callers          99      99.0         49  49.4949 %       49.0   10.00   10.00   10.00   10.00     10.00   10.00          10.00
  critical       99      99.0         49  49.4949 %       49.0   10.00   10.00   10.00   10.00     10.00   10.00          10.00

failed   code         calls
callers  unavailable     50

server  instances  arrived  amplification  utilisation  waiting  refused  failed  abandoned
leaf            2       99          1.000       12.4 %      0.0        0      50          0

client  server  calls  attempts  a call
leaf    leaf       99        99   1.000

Pending: 0 calls, 0 at instances, 0 timers.
`,
    )
  })

  it('says of each load how late its failures came, where there are any', async () => {
    const sim = simulation()
    const failing = sim.server('failing', { serviceMs: 300, errorRatio: 1 }).client()
    sim.load('well', { perSecond: 10, arrivals: 'even', call: async () => {} })
    assert.doesNotMatch((await sim.run(1_000)).text(), /failed p99/)
    sim.load('ill', { perSecond: 10, arrivals: 'even', call: failing })
    const lines = (await sim.run(1_000)).text().split('\n')
    const [head, well, ill] = lines.slice(2, 5)
    assert.match(head ?? '', / failed p99 ms$/)
    assert.match(well ?? '', /^well .* 0\.00$/)
    assert.match(ill ?? '', /^ill .* 0\.00 +300\.\d\d$/)
  })

  it('says 100 % only of what has not failed once', async () => {
    const sim = simulation()
    const call = (index: number) => (index === 5 ? Promise.reject(new Error('once')) : Promise.resolve())
    sim.load('callers', { perSecond: 100_000_000, call, arrivals: 'even', untilMs: 30 })
    const report = await sim.run(1)
    assert.match(report.text(), / {2}99\.9990 % /)
  })
})
