// Tests of drive.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../manual-clock.ts'
import { drive } from './drive.ts'

describe('drive', () => {
  it('runs what is due before a moment, and leaves the clock there', async () => {
    const clock = manualClock()
    const ran: number[] = []
    for (const at of [30, 10, 20, 29.9]) clock.schedule(at, () => ran.push(clock.now()))
    await drive(clock, 30)
    assert.deepEqual([ran, clock.now(), clock.pending], [[10, 20, 29.9], 30, 1])
    await drive(clock, 31)
    assert.deepEqual([ran.at(-1), clock.now(), clock.pending], [30, 31, 0])
  })

  it('lets all follow from one event before the next one runs, however many share a turn', async () => {
    for (const eventsPerTurn of [1, 2, 7, 1_000]) {
      const clock = manualClock()
      const seen: string[] = []
      for (const name of ['a', 'b', 'c', 'd']) {
        clock.schedule(5, async () => {
          for (let hop = 0; hop < 20; hop++) await undefined
          seen.push(`${name} settled at ${clock.now()}`)
          await clock.sleep(0)
          seen.push(`${name} slept`)
        })
      }
      await drive(clock, 6, { eventsPerTurn })
      const settled = ['a', 'b', 'c', 'd'].map((name) => `${name} settled at 5`)
      assert.deepEqual(seen, [...settled, 'a slept', 'b slept', 'c slept', 'd slept'])
    }
  })

  it('rejects with what a run throws, and runs nothing more', async () => {
    const clock = manualClock()
    clock.schedule(1, () => {
      throw new Error('boom')
    })
    clock.schedule(2, () => assert.fail('ran'))
    await assert.rejects(drive(clock, 10), /boom/)
    assert.equal(clock.pending, 1)
  })

  it('tells of each turn', async () => {
    const clock = manualClock()
    let turns = 0
    for (let at = 0; at < 10; at++) clock.schedule(at, () => {})
    await drive(clock, 10, { eventsPerTurn: 2, onTurn: () => turns++ })
    assert.equal(turns, 5)
  })
})
