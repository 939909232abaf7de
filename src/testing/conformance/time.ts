// Conformance of a transport: deadlines and cancellation reach the other side, and every call settles.
import assert from 'node:assert/strict'
import type { Handlers } from '../../core/contract.ts'
import { ServiceError } from '../../core/errors.ts'
import { recordCalls } from '../recorder.ts'
import type { Conformance } from './conformance.ts'
import { aborted, type Case, failure, passUntil, readAll, setUp } from './harness.ts'

/** Deadlines and cancellation. */
export const timeCases: readonly Case[] = [
  {
    name: 'shows the handler what is left of the deadline, and never more',
    async run(harness) {
      let leftMs = 0
      await using setup = await setUp(harness, {
        echo: (_, ctx) => {
          leftMs = ctx.remainingMs()
        },
      })
      using ctx = setup.ctx.withTimeout(2_000)
      await harness.pass(20)
      await setup.client.echo(1, ctx)
      assert.ok(leftMs > 1_000 && leftMs <= 1_980, `${leftMs} ms were left`)
    },
  },
  {
    name: 'settles at the deadline when the handler never answers, and aborts the handler',
    async run(harness) {
      const causes: unknown[] = []
      await using setup = await setUp(harness, {
        echo: async (_, ctx) => {
          causes.push(await aborted(ctx))
          return new Promise(() => {})
        },
      })
      const call = failure(setup.client.echo(1, { timeoutMs: 60 }), 'deadline_exceeded')
      await harness.pass(80)
      await call
      await passUntil(harness, () => causes.length > 0, 'the handler hears of the end')
      assert.ok(causes[0] instanceof ServiceError)
      await passUntil(harness, () => setup.server.inFlight() === 0, 'the server lets go of the call')
    },
  },
  {
    name: 'does not run a call that has no time left',
    async run(harness) {
      let runs = 0
      await using setup = await setUp(harness, {
        echo: () => {
          runs++
        },
      })
      using ctx = setup.ctx.withTimeout(10)
      await harness.pass(30)
      await failure(setup.client.echo(1, ctx), 'deadline_exceeded')
      assert.equal(runs, 0)
    },
  },
  {
    name: 'drops a late reply, and answers the next call',
    async run(harness) {
      let late = 0
      const handlers = {
        echo: async (message: unknown, ctx: { clock: { sleep(ms: number): Promise<void> } }) => {
          if (message === 'slow') await ctx.clock.sleep(100)
          return message
        },
      }
      await using setup = await setUp(harness, handlers, { onLateReply: () => late++ })
      const call = failure(setup.client.echo('slow', { timeoutMs: 50 }), 'deadline_exceeded')
      await harness.pass(70)
      await call
      await passUntil(harness, () => late === 1, 'the server counts the late reply')
      assert.equal(await setup.client.echo('fast'), 'fast')
      assert.equal(late, 1)
    },
  },
  {
    name: 'tells the handler when the caller cancels',
    async run(harness) {
      let begun = false
      let cause: unknown
      await using setup = await setUp(harness, {
        echo: async (_, ctx) => {
          begun = true
          cause = await aborted(ctx)
        },
      })
      using ctx = setup.ctx.withCancel()
      const call = failure(setup.client.echo(1, ctx), 'canceled')
      await passUntil(harness, () => begun, 'the handler begins')
      ctx.cancel(new Error('the user left'))
      const error = await call
      assert.equal((error.cause as Error).message, 'the user left')
      await passUntil(harness, () => cause !== undefined, 'the handler hears of it')
      assert.ok(cause instanceof ServiceError && cause.code === 'canceled')
    },
  },
  {
    name: 'takes an AbortSignal of the platform',
    async run(harness) {
      let begun = false
      await using setup = await setUp(harness, {
        echo: (_, ctx) => {
          begun = true
          return aborted(ctx)
        },
      })
      const controller = new AbortController()
      const call = failure(setup.client.echo(1, { signal: controller.signal }), 'canceled')
      await passUntil(harness, () => begun, 'the handler begins')
      controller.abort()
      await call
      await failure(setup.client.echo(1, { signal: controller.signal }), 'canceled')
      await passUntil(harness, () => setup.server.inFlight() === 0, 'the server lets go of the call')
    },
  },
  {
    name: 'shows a deadline as such to what watches the handler, also of a stream and of one that never answers',
    async run(harness) {
      const record = recordCalls()
      const served: Partial<Handlers<Conformance>> = {
        echo: () => new Promise(() => {}),
        async *count(_, ctx) {
          yield { n: 1 }
          await ctx.clock.sleep(10_000, ctx)
        },
      }
      await using setup = await setUp(harness, served, { use: [record] })
      const calls = [
        failure(setup.client.echo(1, { timeoutMs: 50 }), 'deadline_exceeded'),
        failure(setup.client.count({ to: 2 }, { timeoutMs: 50 }).then(readAll), 'deadline_exceeded'),
      ]
      await harness.pass(80)
      await Promise.all(calls)
      await passUntil(harness, () => record.calls.every(({ outcome }) => outcome !== undefined), 'both have ended')
      assert.deepEqual(
        record.calls.map(({ outcome }) => outcome?.code),
        ['deadline_exceeded', 'deadline_exceeded'],
      )
    },
  },
  {
    name: 'carries a cancellation that the handler decides on',
    async run(harness) {
      await using setup = await setUp(harness, {
        echo: () => {
          throw new ServiceError('canceled', 'not today')
        },
      })
      assert.equal((await failure(setup.client.echo(1), 'canceled')).message, 'not today')
    },
  },
]
