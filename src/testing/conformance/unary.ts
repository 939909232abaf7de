// Conformance of a transport: one request, one response.
import assert from 'node:assert/strict'
import { type Case, failure, setUp } from './harness.ts'

/** Messages of all sizes, and their validation. */
export const unaryCases: readonly Case[] = [
  {
    name: 'carries a request and its response',
    async run(harness) {
      await using setup = await setUp(harness)
      const message = { text: 'Grüße, 世界 \u0000 🚀', list: [1, 2.5, -0.125, null, true], nested: { deep: [{}, []] } }
      assert.deepEqual(await setup.client.echo(message), message)
      assert.deepEqual(await setup.client.shout({ text: 'hello' }), { text: 'HELLO' })
    },
  },
  {
    name: 'carries empty messages',
    async run(harness) {
      await using setup = await setUp(harness)
      for (const message of ['', 0, false, null, [], {}]) assert.deepEqual(await setup.client.echo(message), message)
      assert.equal((await setup.client.echo(undefined)) ?? undefined, undefined)
    },
  },
  {
    name: 'carries a large message both ways',
    async run(harness) {
      await using setup = await setUp(harness)
      const message = { text: 'x'.repeat(512 * 1024) }
      assert.deepEqual(await setup.client.echo(message), message)
    },
  },
  {
    name: 'gives each of many concurrent calls its own response',
    async run(harness) {
      await using setup = await setUp(harness, {
        // Later calls are answered first.
        echo: async (message, ctx) => {
          await ctx.clock.sleep(50 - (message as number) / 4, ctx)
          return message
        },
      })
      const numbers = Array.from({ length: 200 }, (_, i) => i)
      const calls = Promise.all(numbers.map((number) => setup.client.echo(number)))
      await harness.pass(100)
      assert.deepEqual(await calls, numbers)
      assert.equal(setup.server.inFlight(), 0)
    },
  },
  {
    name: 'refuses a request that does not fit, and says where',
    async run(harness) {
      let ran = false
      await using setup = await setUp(harness, {
        shout: (request) => {
          ran = true
          return request
        },
      })
      const error = await failure(setup.client.shout({ text: 1 } as never), 'invalid_argument')
      assert.deepEqual(error.details, [{ path: 'text', message: 'must be a string' }])
      assert.equal(error.retry, 'never')
      assert.equal(ran, false)
    },
  },
  {
    name: 'reports a reply that does not fit as internal',
    async run(harness) {
      await using setup = await setUp(harness, { shout: () => ({ text: 1 }) as never })
      const error = await failure(setup.client.shout({ text: 'a' }), 'internal')
      assert.match(error.message, /reply does not fit/)
    },
  },
]
