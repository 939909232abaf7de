// Tests of station.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { manualClock } from '../manual-clock.ts'
import { ServerTally } from './server-tally.ts'
import { type Abandons, Station } from './station.ts'

function open(options: { slots?: number; queue?: number; abandons?: Abandons; times?: number[] } = {}) {
  const { slots = 1, queue = Infinity, abandons = 'all', times = [] } = options
  const clock = manualClock()
  const levels = new ServerTally(1, slots)
  const serviceMs = () => times.shift() ?? 10
  const station = new Station({ clock, slots, queue, abandons, serviceMs, levels })
  const ends: string[] = []
  /** Notes when the work ended, and with what. */
  const work = (name: string, ctx = rootContext({ clock })) => {
    station.work(ctx).then(
      () => ends.push(`${name} ${clock.now()}`),
      (thrown) => ends.push(`${name} ${ServiceError.from(thrown).code} ${clock.now()}`),
    )
    return ctx
  }
  return { clock, station, levels, ends, work }
}

describe('Station', () => {
  it('works on as many as it has slots, and lets others wait in order', async () => {
    const { clock, station, levels, ends, work } = open({ slots: 2 })
    for (const name of ['a', 'b', 'c', 'd', 'e']) work(name)
    assert.deepEqual([station.busy, station.waiting, levels.busy.value, levels.waiting.value], [2, 3, 2, 3])
    await clock.advance(100)
    assert.deepEqual(ends, ['a 10', 'b 10', 'c 20', 'd 20', 'e 30'])
    assert.deepEqual([station.busy, station.waiting, levels.busy.value, levels.waiting.value], [0, 0, 0, 0])
  })

  it('refuses what the queue has no room for', async () => {
    const { clock, ends, work } = open({ queue: 1 })
    for (const name of ['a', 'b', 'c']) work(name)
    await clock.settle()
    assert.deepEqual(ends, ['c resource_exhausted 0'])
    await clock.advance(20)
    assert.deepEqual(ends.slice(1), ['a 10', 'b 20'])
  })

  it('frees the slot, or the place in the queue, of what is called off', async () => {
    const { clock, station, ends, work } = open()
    const [a, b] = [rootContext({ clock }), rootContext({ clock })]
    work('a', a)
    work('b', b)
    work('c')
    await clock.advance(5)
    b.cancel()
    a.cancel()
    await clock.advance(100)
    assert.deepEqual(ends, ['b canceled 5', 'a canceled 5', 'c 15'])
    assert.deepEqual([clock.pending, station.busy, station.waiting], [0, 0, 0])
  })

  it('takes nothing in that is over', async () => {
    const { clock, station, ends, work } = open()
    const ctx = rootContext({ clock })
    ctx.cancel()
    work('a', ctx)
    await clock.settle()
    assert.deepEqual([ends, station.busy], [['a canceled 0'], 0])
  })

  it('runs to its end what has begun, where only what waits is abandoned', async () => {
    const { clock, ends, work } = open({ abandons: 'waiting' })
    const [a, b] = [rootContext({ clock }), rootContext({ clock })]
    work('a', a)
    work('b', b)
    work('c')
    a.cancel()
    b.cancel()
    await clock.advance(100)
    assert.deepEqual(ends, ['b canceled 0', 'a 10', 'c 20'])
  })

  it('works on all of it, where nothing is abandoned', async () => {
    const { clock, ends, work } = open({ abandons: 'none' })
    const [a, b] = [rootContext({ clock }), rootContext({ clock })]
    work('a', a)
    work('b', b)
    a.cancel()
    b.cancel()
    await clock.advance(100)
    assert.deepEqual(ends, ['a 10', 'b 20'])
  })

  it('stands still while it is paused, with what came meanwhile', async () => {
    const { clock, station, ends, work } = open({ slots: 2 })
    work('a')
    await clock.advance(4)
    station.pause()
    work('b')
    await clock.advance(50)
    assert.deepEqual([ends, station.busy], [[], 2])
    station.resume()
    await clock.advance(100)
    assert.deepEqual(ends, ['a 60', 'b 64'])
  })

  it('loses everything when it is cleared', async () => {
    const { clock, station, levels, ends, work } = open({ abandons: 'none' })
    for (const name of ['a', 'b', 'c']) work(name)
    station.clear()
    await clock.settle()
    assert.deepEqual(ends.toSorted(), ['a unavailable 0', 'b unavailable 0', 'c unavailable 0'])
    assert.deepEqual([clock.pending, levels.busy.value, levels.waiting.value], [0, 0, 0])
  })
})
