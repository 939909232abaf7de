import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { WrappedRun } from './wrapped-run.ts'

const givenUp = new ServiceError('deadline_exceeded', 'given up')

describe('WrappedRun', () => {
  it('gives what the endpoint gives, and cannot be called off after that', async () => {
    let seen: Context | undefined
    const run = new WrappedRun(
      async (request: number, ctx) => {
        seen = ctx
        return request + 1
      },
      1,
      rootContext(),
    )
    assert.equal(await run.begin(), 2)
    run.cancel(givenUp)
    assert.equal(seen?.aborted, false)
  })

  it('knows what the endpoint has thrown', async () => {
    const broken = new Error('broken')
    const run = new WrappedRun(() => Promise.reject(broken), '', rootContext())
    assert.equal(run.hasThrown(undefined), false)
    await assert.rejects(run.begin(), broken)
    assert.equal(run.hasThrown(broken), true)
    assert.equal(run.hasThrown(givenUp), false)
  })

  it('is called off, listening or not, and its caller is not', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock, deadlineAt: 1_000 })
    let seen: Context | undefined
    const run = new WrappedRun(
      (_, own) => {
        seen = own
        return new Promise(() => {})
      },
      '',
      ctx,
    )
    const running = run.begin()
    run.cancel(givenUp)
    await assert.rejects(running, givenUp)
    assert.equal(seen?.cause, givenUp)
    assert.equal(ctx.aborted, false)
    assert.equal(clock.pending, 0)
  })

  it('keeps the context of a stream until that ends', async () => {
    const ctx = rootContext()
    let seen: Context | undefined
    const run = new WrappedRun(
      async (_: string, own) => {
        seen = own
        return (async function* () {
          yield 1
          yield 2
        })()
      },
      '',
      ctx,
    )
    const messages: number[] = []
    for await (const message of await run.begin()) {
      run.cancel(givenUp)
      messages.push(message)
    }
    assert.deepEqual(messages, [1, 2])
    assert.equal(seen?.aborted, false)
  })
})
