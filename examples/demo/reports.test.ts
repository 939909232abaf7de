import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nothingOf } from './messages.ts'
import { Reports } from './reports.ts'

const report = (at: number, calls: Readonly<Record<string, number>>) => ({
  kind: 'report' as const,
  at,
  retries: 0,
  gaveUp: {},
  instances: Object.entries(calls).map(([id, count]) => ({ ...nothingOf(id), calls: count })),
})

describe('Reports', () => {
  it('knows nothing at first', () => {
    const reports = new Reports()
    assert.deepEqual([reports.last.instances, reports.of('a').calls, reports.shares(1_000).size], [[], 0, 0])
  })

  it('gives the shares of a while that has passed', () => {
    const reports = new Reports()
    reports.add(report(0, { a: 100 }))
    reports.add(report(1_000, { a: 200, b: 50 }))
    reports.add(report(2_000, { a: 225, b: 125 }))
    assert.deepEqual(Object.fromEntries(reports.shares(1_000)), { a: 0.25, b: 0.75 })
    assert.deepEqual(Object.fromEntries(reports.shares(2_000)), { a: 0.5, b: 0.5 })
    assert.equal(reports.of('b').calls, 125)
    reports.add(report(3_000, { a: 225, b: 125 }))
    assert.deepEqual(Object.fromEntries(reports.shares(1_000)), { a: 0, b: 0 })
  })

  it('leaves out of the count what was before the beginning', () => {
    const reports = new Reports()
    const counts = { ...nothingOf('a'), failed: 1, lastSentAt: 7, joinedAt: 5 }
    const counted = (at: number, calls: number, retries: number) =>
      reports.add({ ...report(at, {}), retries, instances: [{ ...counts, calls, retries }] })
    counted(200, 2, 1)
    reports.begin()
    assert.deepEqual(reports.last.instances, [{ ...counts, calls: 0, failed: 0, retries: 0 }])
    assert.equal(reports.last.retries, 0)
    counted(400, 12, 3)
    assert.deepEqual(reports.of('a'), { ...counts, calls: 10, failed: 0, retries: 2 })
    assert.equal(reports.last.retries, 2)
    reports.add(report(600, { a: 12, d: 10 }))
    assert.deepEqual(Object.fromEntries(reports.shares(1_000)), { a: 0.5, d: 0.5 })
  })

  it('forgets what is too old to be asked for', () => {
    const reports = new Reports()
    for (let at = 0; at <= 20_000; at += 1_000) reports.add(report(at, { a: at }))
    reports.add(report(21_000, { a: 20_000, b: 5_000 }))
    assert.deepEqual(Object.fromEntries(reports.shares(60_000)), { a: 4 / 9, b: 5 / 9 })
  })

  it('waits until something holds, and not for ever', async () => {
    const reports = new Reports()
    const holds = reports.until(() => reports.of('a').calls > 0, 60_000)
    reports.add(report(0, {}))
    reports.add(report(200, { a: 1 }))
    assert.equal(await holds, true)
    assert.equal(await reports.until(() => false, 1), false)
  })
})
