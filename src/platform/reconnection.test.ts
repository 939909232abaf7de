// Tests of reconnection.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { Reconnection } from './reconnection.ts'

const bad = new Error('bad')
const middle = () => 0.5

function scene(random = middle) {
  const clock = manualClock()
  const outages: Error[] = []
  const reconnection = new Reconnection(clock, random, (error) => outages.push(error))
  /** How long the next attempt waits. */
  const wait = async () => {
    const from = clock.now()
    let waited = -1
    reconnection.again(() => {
      waited = clock.now() - from
    })
    await clock.runAll()
    return Math.round(waited)
  }
  return { clock, outages, reconnection, wait }
}

describe('a reconnection', () => {
  it('waits longer each time, up to two minutes, give or take a fifth', async () => {
    const { wait } = scene()
    const waits = []
    for (let n = 0; n < 13; n++) waits.push(await wait())
    assert.deepEqual(waits.slice(0, 4), [1_000, 1_600, 2_560, 4_096])
    assert.deepEqual(waits.slice(-2), [120_000, 120_000])
    assert.equal(await scene(() => 0).wait(), 800)
  })

  it('waits once, however often it is asked', async () => {
    const { clock, reconnection } = scene()
    let runs = 0
    for (let n = 0; n < 3; n++) reconnection.again(() => runs++)
    await clock.runAll()
    assert.equal(runs, 1)
    assert.equal(clock.now(), 1_000)
  })

  it('begins anew once data was taken, or all has worked for five seconds', async () => {
    const { clock, reconnection, wait } = scene()
    await wait()
    reconnection.takesData()
    assert.deepEqual([await wait(), await wait()], [1_000, 1_600])
    reconnection.failed(bad)
    reconnection.works()
    await clock.advance(4_999)
    reconnection.failed(bad)
    assert.equal(await wait(), 2_560)
    reconnection.works()
    await clock.advance(5_000)
    assert.equal(await wait(), 1_000)
  })

  it('tells of an outage once, and of the next one when this one is over', async () => {
    const { clock, outages, reconnection } = scene()
    assert.equal(reconnection.troubled, false)
    reconnection.works()
    assert.equal(clock.pending, 0)
    for (let n = 0; n < 3; n++) {
      reconnection.failed(bad)
      reconnection.works()
      await clock.advance(4_000)
    }
    assert.deepEqual(outages, [bad])
    assert.equal(reconnection.troubled, true)
    await clock.advance(1_000)
    assert.equal(reconnection.troubled, false)
    reconnection.failed(bad)
    assert.deepEqual(outages, [bad, bad])
  })

  it('takes back the next attempt when all works without it', async () => {
    const { clock, reconnection } = scene()
    // The fourth waits for longer than it takes to recover.
    for (let n = 0; n < 4; n++) {
      reconnection.again(() => {})
      await clock.runAll()
    }
    reconnection.failed(bad)
    reconnection.again(() => assert.fail('it was not needed'))
    reconnection.works()
    await clock.runAll()
    assert.equal(reconnection.troubled, false)
  })

  it('that was stopped leaves nothing behind, and says nothing', () => {
    const { clock, outages, reconnection } = scene()
    reconnection.failed(bad)
    reconnection.works()
    reconnection.again(() => {})
    assert.equal(clock.pending, 2)
    reconnection.stop()
    reconnection.failed(bad)
    reconnection.works()
    reconnection.again(() => {})
    assert.equal(clock.pending, 0)
    assert.deepEqual(outages, [bad])
  })
})
