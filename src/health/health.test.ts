import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { type HealthChangeEvent, health } from './health.ts'

const fails = () => Promise.reject(new Error('no'))

describe('health', () => {
  it('is alive and not ready until it says so', async () => {
    const subject = health()
    assert.equal(subject.isReady, false)
    assert.deepEqual(await subject.liveness(), { status: 'pass', reason: undefined, checks: [] })
    assert.deepEqual(await subject.readiness(), { status: 'fail', reason: 'starting', checks: [] })
    subject.setReady(true)
    assert.equal(subject.isReady, true)
    assert.deepEqual(await subject.readiness(), { status: 'pass', reason: undefined, checks: [] })
    subject.setReady(false, 'shutting down')
    assert.equal((await subject.readiness()).reason, 'shutting down')
    assert.equal((await subject.liveness()).status, 'pass')
  })

  it('asks liveness checks for both, and readiness checks for readiness alone', async () => {
    const subject = health({ checks: { db: () => {}, loop: { check: () => {}, kind: 'liveness' } } })
    subject.setReady(true)
    const names = async (probe: 'liveness' | 'readiness') => (await subject[probe]()).checks.map(({ name }) => name)
    assert.deepEqual(await names('liveness'), ['loop'])
    assert.deepEqual(await names('readiness'), ['db', 'loop'])
  })

  it('has the worst status of its checks', async () => {
    const warns = { check: fails, critical: false }
    for (const [checks, status] of [
      [{ a: () => {}, b: () => {} }, 'pass'],
      [{ a: () => {}, b: warns }, 'warn'],
      [{ a: fails, b: warns }, 'fail'],
    ] as const) {
      const subject = health({ checks })
      subject.setReady(true)
      assert.equal((await subject.readiness()).status, status)
    }
  })

  it('runs its checks side by side, and none while it is not ready', async () => {
    const clock = manualClock()
    const begun: string[] = []
    const slow = (name: string) => () => {
      begun.push(name)
      return clock.sleep(50)
    }
    const subject = health({ clock, checks: { a: slow('a'), b: slow('b') } })
    await subject.readiness()
    assert.deepEqual(begun, [])
    subject.setReady(true)
    const asked = subject.readiness()
    assert.deepEqual(begun, ['a', 'b'])
    await clock.advance(50)
    assert.equal((await asked).status, 'pass')
  })

  it('is not ready for a probe that began before the end and is answered after it', async () => {
    const clock = manualClock()
    const subject = health({ clock, checks: { slow: () => clock.sleep(50) } })
    subject.setReady(true)
    const asked = subject.readiness()
    subject.setReady(false, 'shutting down')
    await clock.advance(50)
    const { status, reason, checks } = await asked
    assert.deepEqual([status, reason, checks[0]?.status], ['fail', 'shutting down', 'pass'])
  })

  it('tells what has changed, once', async () => {
    const events: HealthChangeEvent[] = []
    const subject = health({ checks: { a: fails, b: () => {} }, onChange: (event) => void events.push(event) })
    subject.setReady(true)
    subject.setReady(true)
    await subject.readiness()
    await subject.readiness()
    subject.setReady(false)
    const shown = events.map((event) =>
      event.what === 'check' ? [event.check.name, event.error?.message] : [event.isReady, event.reason],
    )
    assert.deepEqual(shown, [
      [true, undefined],
      ['a', 'no'],
      [false, 'not ready'],
    ])
  })

  it('shows what it knows without asking', async () => {
    let runs = 0
    const subject = health({ checks: { a: () => runs++, b: { check: fails, kind: 'liveness' } } })
    assert.deepEqual(subject.snapshot(), { isReady: false, reason: 'starting', checks: [] })
    await subject.liveness()
    const { checks } = subject.snapshot()
    assert.deepEqual(
      checks.map(({ name, status, failure }) => [name, status, failure]),
      [['b', 'fail', 'no']],
    )
    assert.equal(runs, 0)
  })

  it('refuses checks that make no sense', () => {
    assert.throws(() => health({ checks: { db: 'select 1' as never } }), /the check db must be or have a function/)
  })
})
