import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { BottleneckLimiter } from './bottleneck-options.ts'
import { JobQueue } from './job-queue.ts'

/** Lets a job run when the test says so. */
function played() {
  const jobs: { readonly options: unknown; readonly start: () => Promise<unknown> }[] = []
  const limiter: BottleneckLimiter = {
    schedule<R>(options: object, job: () => PromiseLike<R>) {
      const done = Promise.withResolvers<R>()
      const start = async () => {
        const value = await job()
        done.resolve(value)
        return value
      }
      jobs.push({ options, start })
      return done.promise
    },
  }
  return { jobs, limiter }
}

describe('JobQueue', () => {
  it('runs a call when its turn comes, and holds its place until the endpoint has settled', async () => {
    const { jobs, limiter } = played()
    const queue = new JobQueue(limiter, { priority: () => 2, weight: () => 3 })
    const gate = Promise.withResolvers<string>()
    const calling = queue.call(() => gate.promise, '', rootContext())
    assert.deepEqual(jobs[0]?.options, { priority: 2, weight: 3 })
    assert.equal(queue.snapshot().waiting, 1)
    let isOver = false
    const place = jobs[0]?.start().then(() => {
      isOver = true
    })
    await Promise.resolve().then(() => {})
    await new Promise(setImmediate)
    assert.deepEqual([queue.snapshot().inFlight, isOver], [1, false])
    gate.resolve('ran')
    assert.equal(await calling, 'ran')
    await place
    assert.deepEqual(queue.snapshot(), { waiting: 0, inFlight: 0, allowed: 1, refused: 0, left: 0 })
  })

  it('never runs a call that was over before, and lets its job pass', async () => {
    const { jobs, limiter } = played()
    const queue = new JobQueue(limiter, {})
    const clock = manualClock()
    const calling = queue.call(() => assert.fail('it ran'), '', rootContext({ clock, deadlineAt: 100 }))
    const rejected = assert.rejects(calling, { code: 'deadline_exceeded' })
    await clock.advance(100)
    await rejected
    await jobs[0]?.start()
    assert.deepEqual(queue.snapshot(), { waiting: 0, inFlight: 0, allowed: 0, refused: 0, left: 1 })
    const gone = rootContext()
    gone.cancel()
    await assert.rejects(
      queue.call(() => assert.fail('it ran'), '', gone),
      { code: 'canceled' },
    )
    assert.equal(jobs.length, 1, 'nothing was put into the queue')
    assert.equal(clock.pending, 0)
  })

  it('refuses a priority and a weight that Bottleneck would not understand', async () => {
    const { limiter, jobs } = played()
    for (const priority of [-1, 10, Number.NaN]) {
      const queue = new JobQueue(limiter, { priority: () => priority })
      await assert.rejects(
        queue.call(async () => 'ran', '', rootContext()),
        /priority must be a number from 0 to 9/,
      )
    }
    await assert.rejects(
      new JobQueue(limiter, { weight: () => 0.5 }).call(async () => 'ran', '', rootContext()),
      /weight must be an integer/,
    )
    assert.equal(jobs.length, 0)
  })
})
