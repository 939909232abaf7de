// Conformance of a transport: both ends close cleanly, with calls open or not.
import assert from 'node:assert/strict'
import { aborted, type Case, failure, passUntil, readAll, setUp } from './harness.ts'

/** Closing of servers and clients. */
export const closingCases: readonly Case[] = [
  {
    name: 'lets calls in flight end before it closes, and refuses new ones meanwhile',
    async run(harness) {
      let answer: (value: unknown) => void = () => {}
      let begun = false
      await using setup = await setUp(harness, {
        echo: () => {
          begun = true
          return new Promise((resolve) => {
            answer = resolve
          })
        },
      })
      const open = setup.client.echo(1)
      await passUntil(harness, () => begun, 'the handler begins')
      let closed = false
      const closing = setup.server.close().then(() => {
        closed = true
      })
      await using late = setup.server.client({ clock: harness.clock })
      const refused = await failure(late.echo(2), 'unavailable')
      assert.equal(refused.retry, 'safe')
      assert.equal(closed, false)
      answer('done')
      assert.equal(await open, 'done')
      await closing
      assert.equal(setup.server.inFlight(), 0)
    },
  },
  {
    name: 'lets a stream in flight end before it closes',
    async run(harness) {
      await using setup = await setUp(harness, {
        async *count({ to }, ctx) {
          for (let n = 1; n <= to; n++) {
            yield { n }
            await ctx.clock.sleep(5, ctx)
          }
        },
      })
      const reading = setup.client.count({ to: 5 }).then(readAll)
      await passUntil(harness, () => setup.server.inFlight() === 1, 'the stream begins')
      const closing = setup.server.close()
      await harness.pass(100)
      assert.equal((await reading).length, 5)
      await closing
    },
  },
  {
    name: 'cuts off what does not end while it drains',
    async run(harness) {
      const causes: unknown[] = []
      const hang = async (_: unknown, ctx: Parameters<typeof aborted>[0]) => {
        causes.push(await aborted(ctx))
        return new Promise<never>(() => {})
      }
      const handlers = {
        echo: hang,
        async *count(_: unknown, ctx: Parameters<typeof aborted>[0]) {
          yield { n: 1 }
          await hang(_, ctx)
        },
      }
      await using setup = await setUp(harness, handlers, { drainMs: 50 })
      const open = failure(setup.client.echo(1), 'unavailable')
      const stream = (await setup.client.count({ to: 2 }))[Symbol.asyncIterator]()
      assert.equal((await stream.next()).value?.n, 1)
      const pending = failure(stream.next(), 'unavailable')
      await passUntil(harness, () => setup.server.inFlight() === 2, 'both calls begin')
      const closing = setup.server.close()
      await harness.pass(100)
      assert.equal((await open).retry, 'if_idempotent')
      await pending
      await closing
      assert.equal(causes.length, 2)
      assert.equal(setup.server.inFlight(), 0)
    },
  },
  {
    name: 'settles the open calls of a client that closes, and refuses its later ones',
    async run(harness) {
      await using setup = await setUp(harness, { echo: (_, ctx) => aborted(ctx) })
      const calls = [setup.client.echo(1), setup.client.echo(2, setup.ctx)].map((call) => failure(call, 'canceled'))
      await passUntil(harness, () => setup.server.inFlight() === 2, 'both calls begin')
      await setup.client[Symbol.asyncDispose]()
      await Promise.all(calls)
      await failure(setup.client.echo(3), 'canceled')
      await passUntil(harness, () => setup.server.inFlight() === 0, 'the server hears of it')
    },
  },
  {
    name: 'closes twice as once',
    async run(harness) {
      await using setup = await setUp(harness)
      await Promise.all([setup.server.close(), setup.server.close()])
      await setup.server.close()
    },
  },
]
