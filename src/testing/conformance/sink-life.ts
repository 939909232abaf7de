// Conformance of a sink: nothing is lost silently, and nobody waits or fails because of it.
import assert from 'node:assert/strict'
import { LeftOut } from './left-out.ts'
import { loggedAt, openLogger, type SinkCase } from './sink-harness.ts'

const many = 10_000

/** Many records, flushing, closing, and receivers that do not keep up. */
export const sinkLifeCases: readonly SinkCase[] = [
  {
    name: 'loses none of many records, and keeps their order',
    async run(harness) {
      await using setup = await openLogger(harness)
      const log = setup.log.with({ service: 'orders' })
      for (let n = 0; n < many; n++) log.info(`message ${n}`, { n })
      const records = await setup.taken()
      assert.equal(records.length, many)
      for (const [n, { message }] of records.entries()) assert.equal(message, `message ${n}`)
    },
  },
  {
    name: 'flushes when there is nothing to flush, and several times at once',
    async run(harness) {
      await using setup = await openLogger(harness)
      const flush = async () => setup.sink.flush?.()
      await flush()
      await flush()
      setup.log.info('m')
      await Promise.all([flush(), flush(), setup.log.flush()])
      assert.equal((await setup.received()).length, 1)
      await flush()
      assert.equal((await setup.received()).length, 1)
    },
  },
  {
    name: 'has told of all that was logged before a flush when that resolves',
    async run(harness) {
      await using setup = await openLogger(harness)
      for (let n = 1; n <= 20; n++) {
        setup.log.info('m', { n })
        await setup.log.flush()
        assert.equal((await setup.received()).length, n)
      }
    },
  },
  {
    name: 'is disposed twice as once, and throws nothing when it is written to afterwards',
    async run(harness) {
      await using setup = await openLogger(harness)
      setup.log.info('m')
      await setup.log.flush()
      const { sink } = setup
      await sink[Symbol.asyncDispose]?.()
      await sink[Symbol.asyncDispose]?.()
      // Not through the logger, which would catch it.
      sink.write({ at: loggedAt, level: 'info', message: 'late', bound: undefined, fields: undefined })
      await sink.flush?.()
      assert.equal((await setup.received())[0]?.message, 'm')
    },
  },
  {
    name: 'waits for no receiver that does not keep up, and counts what it drops',
    async run(harness) {
      await using setup = await openLogger(harness)
      if (setup.pause === undefined || setup.resume === undefined)
        throw new LeftOut('what it writes to cannot be paused')
      await setup.pause()
      const padding = 'x'.repeat(1_000)
      for (let n = 0; n < many; n++) setup.log.info(`message ${n}`, { padding })
      await setup.resume()
      await setup.log.flush()
      const records = await setup.received()
      assert.equal(records.length + setup.log.dropped, many, 'each record should be received or counted as dropped')
      const numbers = records.map(({ message }) => Number(message.replace('message ', '')))
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
      setup.log.info('afterwards')
      await setup.log.flush()
      assert.equal((await setup.received()).at(-1)?.message, 'afterwards')
    },
  },
]
