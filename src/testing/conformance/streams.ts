// Conformance of a transport: streams in both directions, with back-pressure, errors and early ends.
import assert from 'node:assert/strict'
import { ServiceError } from '../../core/errors.ts'
import {
  type Case,
  failure,
  passUntil,
  readAll,
  type Setup,
  setUp,
  streamOf,
  type TransportHarness,
} from './harness.ts'

/** Streams of responses, of requests, and both. */
export const streamCases: readonly Case[] = [
  {
    name: 'carries a stream of responses in order, and an empty one',
    async run(harness) {
      await using setup = await setUp(harness)
      const messages = await readAll(await setup.client.count({ to: 100 }))
      assert.deepEqual(
        messages.map(({ n }) => n),
        Array.from({ length: 100 }, (_, i) => i + 1),
      )
      assert.deepEqual(await readAll(await setup.client.count({ to: 0 })), [])
      assert.equal(setup.server.inFlight(), 0)
    },
  },
  {
    name: 'gives what came before an error, and then the error',
    async run(harness) {
      await using setup = await setUp(harness, {
        async *count() {
          yield { n: 1 }
          yield { n: 2 }
          throw new ServiceError('data_loss', 'the third is gone', { details: [3] })
        },
      })
      const got: number[] = []
      const reading = (async () => {
        for await (const { n } of await setup.client.count({ to: 3 })) got.push(n)
      })()
      const error = await failure(reading, 'data_loss')
      assert.deepEqual(error.details, [3])
      assert.deepEqual(got, [1, 2])
    },
  },
  {
    name: 'stops the handler when the reader leaves',
    async run(harness) {
      let closed = false
      await using setup = await setUp(harness, {
        async *count(_, ctx) {
          try {
            for (let n = 1; ; n++) {
              yield { n }
              await ctx.clock.sleep(1, ctx)
            }
          } finally {
            closed = true
          }
        },
      })
      const stream = await setup.client.count({ to: 0 })
      const reading = (async () => {
        for await (const { n } of stream) if (n === 3) break
      })()
      await harness.pass(20)
      await reading
      await passUntil(harness, () => closed && setup.server.inFlight() === 0, 'the handler is closed')
    },
  },
  {
    name: 'holds the writer back while the reader is slow, and loses nothing',
    async run(harness) {
      let written = 0
      const padding = 'x'.repeat(8_192)
      await using setup = await setUp(harness, {
        async *count({ to }) {
          for (let n = 1; n <= to; n++) {
            written = n
            yield { n, padding }
          }
        },
      })
      const stream = (await setup.client.count({ to: 4_000 }))[Symbol.asyncIterator]()
      await stream.next()
      await harness.pass(100)
      assert.ok(written < 3_000, `${written} messages were written while one was read`)
      let last = 1
      for (let result = await stream.next(); !result.done; result = await stream.next()) {
        assert.equal(result.value.n, last + 1)
        last = result.value.n
      }
      assert.equal(last, 4_000)
    },
  },
  {
    name: 'ends a stream at the deadline, and the handler with it',
    async run(harness) {
      let closed = false
      await using setup = await setUp(harness, {
        async *count(_, ctx) {
          try {
            yield { n: 1 }
            await ctx.clock.sleep(10_000, ctx)
          } finally {
            closed = true
          }
        },
      })
      const reading = setup.client.count({ to: 2 }, { timeoutMs: 100 }).then(readAll)
      const failed = failure(reading, 'deadline_exceeded')
      await harness.pass(150)
      await failed
      await passUntil(harness, () => closed && setup.server.inFlight() === 0, 'the handler is closed')
    },
  },
  {
    name: 'ends a stream when its caller cancels, and the handler with it',
    async run(harness) {
      let closed = false
      await using setup = await setUp(harness, {
        async *count(_, ctx) {
          try {
            yield { n: 1 }
            await ctx.clock.sleep(10_000, ctx)
          } finally {
            closed = true
          }
        },
      })
      using ctx = setup.ctx.withCancel()
      const stream = (await setup.client.count({ to: 2 }, ctx))[Symbol.asyncIterator]()
      assert.equal((await stream.next()).value?.n, 1)
      const pending = failure(stream.next(), 'canceled')
      ctx.cancel()
      await pending
      assert.equal((await stream.next()).done, true)
      await passUntil(harness, () => closed && setup.server.inFlight() === 0, 'the handler is closed')
    },
  },
  {
    name: 'carries a stream of requests, and an empty one',
    async run(harness) {
      await using setup = await setUp(harness)
      assert.equal(await setup.client.add(streamOf(Array.from({ length: 100 }, () => 2))), 200)
      assert.equal(await setup.client.add(streamOf([])), 0)
    },
  },
  {
    name: 'closes the stream of requests when the handler answers early or fails',
    async run(harness) {
      let closed = 0
      const endless = function* () {
        for (;;) yield 1
      }
      await using setup = await setUp(harness, {
        async add(numbers) {
          for await (const number of numbers) return number
          return 0
        },
        async collect() {
          throw new ServiceError('resource_exhausted', 'no room')
        },
      })
      assert.equal(await setup.client.add(streamOf(endless(), () => closed++)), 1)
      await passUntil(harness, () => closed === 1, 'the first stream is closed')
      const texts = streamOf(
        (function* () {
          for (const text of endless()) yield { text: String(text) }
        })(),
        () => closed++,
      )
      await failure(setup.client.collect(texts), 'resource_exhausted')
      await passUntil(harness, () => closed === 2, 'the second stream is closed')
    },
  },
  {
    name: 'refuses a stream of requests at the first message that does not fit',
    async run(harness) {
      await using setup = await setUp(harness)
      const texts = streamOf([{ text: 'a' }, { text: 2 } as never, { text: 'c' }])
      const error = await failure(setup.client.collect(texts), 'invalid_argument')
      assert.deepEqual(error.details, [{ path: 'text', message: 'must be a string' }])
    },
  },
  {
    name: 'calls the call off when the stream of requests fails',
    async run(harness) {
      let told: unknown
      const begun = Promise.withResolvers<void>()
      await using setup = await setUp(harness, {
        async add(numbers) {
          try {
            for await (const _ of numbers) begun.resolve()
          } catch (thrown) {
            told = thrown
            throw thrown
          }
          return 0
        },
      })
      const broken = (async function* () {
        yield 1
        // What never left would be nothing to hear of.
        await begun.promise
        throw new Error('my disk is full')
      })()
      const error = await failure(setup.client.add(broken), 'canceled')
      assert.equal((error.cause as Error).message, 'my disk is full')
      await passUntil(harness, () => told !== undefined, 'the handler hears of it')
      assert.ok(told instanceof ServiceError && told.code === 'canceled')
      assert.doesNotMatch(JSON.stringify(told), /disk/)
    },
  },
  bidi('carries streams both ways, each message as soon as it is there', async (harness, { client }) => {
    const waiting: ((word: string) => void)[] = []
    const words = (async function* () {
      for (let turn = 0; turn < 5; turn++) yield await new Promise<string>((resolve) => waiting.push(resolve))
    })()
    const stream = (await client.converse(words))[Symbol.asyncIterator]()
    for (let turn = 0; turn < 5; turn++) {
      const next = stream.next()
      while (waiting.length <= turn) await harness.pass(1)
      waiting[turn]?.(`word ${turn}`)
      assert.equal((await next).value, `WORD ${turn}`)
    }
    assert.equal((await stream.next()).done, true)
  }),
  bidi('goes on with responses after the last request', async (_, { client }) => {
    assert.deepEqual(await readAll(await client.converse(streamOf(['a', 'b', 'c']))), ['A', 'B', 'C'])
  }),
  bidi('closes both streams when the reader leaves', async (harness, { client, server }) => {
    let closed = false
    const endless = function* () {
      for (;;) yield 'x'
    }
    for await (const word of await client.converse(
      streamOf(endless(), () => {
        closed = true
      }),
    )) {
      assert.equal(word, 'X')
      break
    }
    await passUntil(harness, () => closed && server.inFlight() === 0, 'both ends are closed')
  }),
]

function bidi(name: string, run: (harness: TransportHarness, setup: Setup) => Promise<void>): Case {
  return {
    name,
    async run(harness) {
      await using setup = await setUp(harness)
      if (harness.without?.includes('bidiStream')) {
        await failure(setup.client.converse(streamOf(['a'])), 'unimplemented')
      } else {
        await run(harness, setup)
      }
    },
  }
}
