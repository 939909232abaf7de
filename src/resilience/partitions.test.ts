// Tests of partitions.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type PartitionOptions, Partitions } from './partitions.ts'
import type { WaitingOptions } from './waiting-options.ts'

const byName: PartitionOptions = { partition: (request) => String(request), partitions: { live: 0.8, batch: 0.2 } }

/** A limit of ten that is divided, and ways to begin and to end calls. */
function divided(options: PartitionOptions = byName, waiting: WaitingOptions = {}, limit = 10) {
  const clock = manualClock()
  const ctx = rootContext({ clock })
  const partitions = new Partitions(options, waiting, (_, why) => new ServiceError('resource_exhausted', why))
  partitions.limit = limit
  const running: { readonly name: string; readonly end: () => void }[] = []
  /** Begins so many calls, and says how many began at once. */
  const begin = (name: string, count: number) => {
    const before = running.length
    for (let i = 0; i < count; i++) {
      const partition = partitions.of(name, ctx)
      const run = () =>
        partition.run(
          () =>
            new Promise<void>((resolve) => {
              running.push({ name, end: resolve })
            }),
          name,
          ctx,
        )
      if (partitions.take(partition)) run()
      else partition.queue.wait(name, ctx, run).catch(() => {})
    }
    return running.length - before
  }
  const end = async (name: string, count: number) => {
    for (let i = 0; i < count; i++) {
      const [call] = running.splice(
        running.findIndex((one) => one.name === name),
        1,
      )
      call?.end()
      await clock.settle()
    }
  }
  const inFlight = () => Object.fromEntries(partitions.all.map((one) => [one.name, one.inFlight]))
  return { partitions, begin, end, inFlight, clock }
}

describe('Partitions', () => {
  it('is a single one for all without a division', () => {
    const { begin, inFlight, partitions } = divided({})
    assert.equal(begin('any', 11), 10)
    assert.deepEqual(inFlight(), { all: 10 })
    assert.equal(partitions.inFlight, 10)
  })

  it('lets one use what the other does not', () => {
    const { begin, inFlight } = divided()
    assert.equal(begin('batch', 11), 10)
    assert.deepEqual(inFlight(), { live: 0, batch: 10, others: 0 })
  })

  it('gives each its share at once, whatever others have borrowed', () => {
    const { begin, inFlight, partitions } = divided()
    begin('batch', 10)
    assert.equal(begin('live', 20), 8)
    assert.deepEqual(inFlight(), { live: 8, batch: 10, others: 0 })
    assert.equal(partitions.inFlight, 18)
  })

  it('lets nobody borrow again before the limit holds again', async () => {
    const { begin, end } = divided()
    begin('batch', 10)
    begin('live', 8)
    await end('batch', 8)
    assert.equal(begin('batch', 1), 0)
    await end('batch', 1)
    assert.equal(begin('batch', 2), 1)
  })

  it('gives names that it does not know what nobody else uses', () => {
    const { begin, inFlight } = divided()
    assert.equal(begin('live', 6), 6)
    assert.equal(begin('toString', 9), 4)
    assert.equal(begin('nobody', 9), 0)
    assert.equal(begin('live', 9), 2)
    assert.deepEqual(inFlight(), { live: 8, batch: 0, others: 4 })
  })

  it('divides the queue alike', async () => {
    const { partitions, begin, clock } = divided(byName, { queue: 10 })
    begin('batch', 30)
    begin('live', 30)
    begin('nobody', 30)
    await clock.settle()
    const waiting = partitions.all.map((one) => [one.name, one.snapshot().waiting, one.snapshot().refused])
    assert.deepEqual(waiting, [
      ['live', 8, 14],
      ['batch', 2, 18],
      ['others', 0, 30],
    ])
  })

  it('gives a free place to the partition that uses the least of its share', async () => {
    const { begin, end, inFlight } = divided(byName, { queue: 10 })
    begin('batch', 10)
    begin('batch', 2)
    begin('live', 10)
    assert.deepEqual(inFlight(), { live: 8, batch: 10, others: 0 })
    await end('live', 1)
    assert.deepEqual(inFlight(), { live: 8, batch: 10, others: 0 })
    await end('batch', 9)
    // Live has its share; batch got its own again as soon as it was below it.
    assert.deepEqual(inFlight(), { live: 8, batch: 2, others: 0 })
    await end('live', 2)
    // Nobody of live waits any more: batch may borrow.
    assert.deepEqual(inFlight(), { live: 7, batch: 3, others: 0 })
  })

  it('lets those in who wait when the limit is raised', async () => {
    const { partitions, begin, inFlight, clock } = divided(byName, { queue: 100 }, 1)
    begin('live', 20)
    begin('batch', 20)
    partitions.limit = 20
    await clock.settle()
    assert.deepEqual(inFlight(), { live: 16, batch: 4, others: 0 })
  })

  it('says what each may do and does', () => {
    const { partitions, begin } = divided()
    begin('live', 3)
    assert.deepEqual(partitions.all[0]?.snapshot(), {
      shareRatio: 0.8,
      limit: 8,
      inFlight: 3,
      waiting: 0,
      admitted: 0,
      refused: 0,
      left: 0,
    })
  })

  it('may call one of them others', () => {
    const { begin, partitions } = divided({ ...byName, partitions: { live: 0.5, others: 0.5 } })
    assert.equal(begin('live', 10), 10)
    assert.equal(begin('nobody', 10), 5)
    assert.deepEqual(
      partitions.all.map(({ name }) => name),
      ['live', 'others'],
    )
  })

  it('refuses options that make no sense', () => {
    const wrong = (options: PartitionOptions, message: RegExp, waiting?: WaitingOptions) =>
      assert.throws(() => divided(options, waiting), message)
    wrong({ ...byName, partitions: { live: 1.1 } }, /partitions.live must be a number from 0 to 1, but is 1.1/)
    wrong({ ...byName, partitions: { live: 0.9, batch: 0.2 } }, /partitions must be shares of at most 1 together/)
    wrong({ partitions: { live: 1 } }, /partitions and partition go together/)
    wrong({ partition: () => 'live' }, /partitions and partition go together/)
    wrong({}, /queue must be an integer from 0 to 1000000, but is -1/, { queue: -1 })
    assert.doesNotThrow(() => divided({ ...byName, partitions: { a: 0.1, b: 0.2, c: 0.7 } }))
  })

  it('lets nobody wait in vain, and nobody borrow beyond the limit, whatever comes and goes', async () => {
    const name = fc.constantFrom('live', 'batch', 'nobody')
    const step = fc.oneof(
      fc.record({ do: fc.constant('begin' as const), name, count: fc.nat({ max: 8 }) }),
      fc.record({ do: fc.constant('end' as const), name, count: fc.nat({ max: 5 }) }),
      fc.record({ do: fc.constant('limit' as const), name, count: fc.integer({ min: 1, max: 20 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        let limit = 10
        const { partitions, begin, end, inFlight, clock } = divided(byName, { queue: 20 }, limit)
        for (const { do: what, name, count } of steps) {
          const before = inFlight()
          if (what === 'begin') begin(name, count)
          else if (what === 'end') await end(name, Math.min(count, before[name === 'nobody' ? 'others' : name] ?? 0))
          else {
            limit = count
            partitions.limit = limit
          }
          await clock.settle()
          for (const one of partitions.all) {
            if (one.queue.length > 0) assert.ok(one.inFlight >= one.limit && partitions.inFlight >= limit)
            const began = one.inFlight > (before[one.name] ?? 0)
            if (began && what === 'begin') assert.ok(one.inFlight <= one.limit || partitions.inFlight <= limit)
          }
          const sum = Object.values(inFlight()).reduce((total, count) => total + count, 0)
          assert.equal(partitions.inFlight, sum)
        }
        for (const one of ['live', 'batch', 'nobody'])
          while ((inFlight()[one === 'nobody' ? 'others' : one] ?? 0) > 0) await end(one, 1)
        assert.equal(partitions.inFlight, 0)
        assert.equal(clock.pending, 0)
      }),
      { seed: 6, numRuns: 100 },
    )
  })
})
