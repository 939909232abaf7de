// Tests of async-queue.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AsyncQueue } from './async-queue.ts'

type Read = IteratorResult<number, undefined> | { readonly rejected: unknown }

/** What became of every push and every read, in the order they were made; 'pending' while nothing has. */
interface Log {
  readonly pushes: (boolean | 'pending')[]
  readonly reads: (Read | 'pending')[]
  returns: number
}

function emptyLog(): Log {
  return { pushes: [], reads: [], returns: 0 }
}

const done: Read = { value: undefined, done: true }

/** The queue under test, writing down what its promises come to. */
class Recorded {
  readonly log = emptyLog()
  readonly queue: AsyncQueue<number>

  constructor(capacity: number) {
    this.queue = new AsyncQueue<number>({
      capacity,
      onReturn: () => {
        this.log.returns++
      },
    })
  }

  push(value: number): void {
    const { pushes } = this.log
    const accepted = this.queue.push(value)
    const index = pushes.push(typeof accepted === 'boolean' ? accepted : 'pending') - 1
    if (typeof accepted === 'boolean') return
    accepted.then((later) => {
      pushes[index] = later
    })
  }

  next(): void {
    const { reads } = this.log
    const index = reads.push('pending') - 1
    this.queue.next().then(
      (result) => {
        reads[index] = result
      },
      (rejected: unknown) => {
        reads[index] = { rejected }
      },
    )
  }
}

/** The same in the plainest terms: arrays, and one line for each rule. */
class Model {
  readonly log = emptyLog()
  readonly capacity: number
  buffered: number[] = []
  waitingPushes: { readonly index: number; readonly value: number }[] = []
  waitingReads: number[] = []
  end: 'open' | 'done' | { readonly rejected: unknown } = 'open'
  told = false

  constructor(capacity: number) {
    this.capacity = capacity
  }

  push(value: number): void {
    const { pushes, reads } = this.log
    if (this.end !== 'open') {
      pushes.push(false)
      return
    }
    const reader = this.waitingReads.shift()
    if (reader !== undefined) reads[reader] = { value, done: false }
    else if (this.buffered.length < this.capacity) this.buffered.push(value)
    else {
      this.waitingPushes.push({ index: pushes.push('pending') - 1, value })
      return
    }
    pushes.push(true)
  }

  next(): void {
    const index = this.log.reads.push('pending') - 1
    const value = this.buffered.shift()
    if (value !== undefined) this.log.reads[index] = { value, done: false }
    else this.waitingReads.push(index)
    if (this.buffered.length < this.capacity) this.#accept(1)
    this.#tellEnd()
  }

  close(end: Model['end'], now: boolean): void {
    if (this.end !== 'open' && !(now && this.buffered.length > 0)) return
    this.end = end
    if (now) this.#drop()
    else this.#accept(Infinity)
    this.#tellEnd()
  }

  return(): void {
    if (this.told) return
    this.end = 'done'
    this.told = true
    this.log.returns++
    this.#drop()
    this.#tellEnd()
  }

  #accept(count: number): void {
    for (const { index, value } of this.waitingPushes.splice(0, count)) {
      this.log.pushes[index] = true
      this.buffered.push(value)
    }
  }

  #drop(): void {
    for (const { index } of this.waitingPushes.splice(0)) this.log.pushes[index] = false
    this.buffered = []
  }

  #tellEnd(): void {
    if (this.end === 'open' || this.buffered.length > 0) return
    for (const reader of this.waitingReads.splice(0)) {
      this.log.reads[reader] = this.end === 'done' ? done : this.end
      this.end = 'done'
      this.told = true
    }
  }
}

const microtasks = () => new Promise(setImmediate)

type Command = fc.AsyncCommand<Model, Recorded>

function command(name: string, run: (model: Model, real: Recorded) => unknown): Command {
  const checked = async (model: Model, real: Recorded) => {
    run(model, real)
    await microtasks()
    assert.deepEqual(real.log, model.log)
    assert.equal(real.queue.length, Math.min(model.buffered.length, model.capacity))
  }
  return { check: () => true, run: checked, toString: () => name }
}

const steps = {
  push: (value: number) =>
    command(`push(${value})`, (model, real) => {
      model.push(value)
      real.push(value)
    }),
  next: command('next', (model, real) => {
    model.next()
    real.next()
  }),
  end: command('end', (model, real) => {
    model.close('done', false)
    real.queue.end()
  }),
  fail: (now: boolean, rejected: number) =>
    command(`fail(${rejected}, { now: ${now} })`, (model, real) => {
      model.close({ rejected }, now)
      real.queue.fail(rejected, { now })
    }),
  return: command('return', (model, real) => {
    model.return()
    return real.queue.return()
  }),
}

describe('AsyncQueue', () => {
  it('behaves as its model, and once closed leaves nothing pending', async () => {
    const often = fc.oneof(fc.integer().map(steps.push), fc.constant(steps.next))
    const seldom = fc.oneof(
      fc.constant(steps.end),
      fc.tuple(fc.boolean(), fc.integer()).map(([now, rejected]) => steps.fail(now, rejected)),
      fc.constant(steps.return),
    )
    const program = fc.commands([fc.oneof({ arbitrary: often, weight: 15 }, { arbitrary: seldom, weight: 1 })], {
      maxCommands: 60,
      size: 'max',
    })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), program, async (capacity, commands) => {
        const model = new Model(capacity)
        const real = new Recorded(capacity)
        await fc.asyncModelRun(() => ({ model, real }), commands)
        real.queue.end()
        await microtasks()
        assert.ok(!real.log.pushes.includes('pending') && !real.log.reads.includes('pending'))
      }),
      { numRuns: 200 },
    )
  })

  it('carries everything in order to a reader that is slower or faster, and buffers no more than its capacity', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.record({ producer: fc.nat({ max: 3 }), consumer: fc.nat({ max: 3 }) }), { maxLength: 200 }),
        async (capacity, pauses) => {
          const queue = new AsyncQueue<number>({ capacity })
          const pause = async (ticks = 0) => {
            for (let i = 0; i < ticks; i++) await null
          }
          const produce = async () => {
            for (const [value, { producer }] of pauses.entries()) {
              await pause(producer)
              assert.equal(await queue.push(value), true)
              assert.ok(queue.length <= capacity)
            }
            queue.end()
          }
          const produced = produce()
          const read: number[] = []
          for await (const value of queue) {
            read.push(value)
            await pause(pauses[value]?.consumer)
          }
          await produced
          assert.deepEqual(read, [...pauses.keys()])
        },
      ),
      { numRuns: 50 },
    )
  })

  it('holds a producer back until there is room', async () => {
    const real = new Recorded(2)
    for (const value of [1, 2, 3, 4]) real.push(value)
    await microtasks()
    assert.deepEqual(real.log.pushes, [true, true, 'pending', 'pending'])
    assert.equal(real.queue.length, 2)
    await real.queue.next()
    await microtasks()
    assert.deepEqual(real.log.pushes, [true, true, true, 'pending'])
  })

  it('buffers 16 unless told otherwise', () => {
    const queue = new AsyncQueue<number>()
    for (let i = 0; i < 16; i++) assert.equal(queue.push(i), true)
    assert.ok(queue.push(16) instanceof Promise)
  })

  it('delivers what was pushed before the end, even by pushes that were waiting', async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 })
    queue.push(1)
    const waiting = queue.push(2)
    queue.end()
    assert.equal(await waiting, true)
    assert.equal(queue.push(3), false)
    assert.deepEqual(await queue.next(), { value: 1, done: false })
    assert.deepEqual(await queue.next(), { value: 2, done: false })
    assert.deepEqual(await queue.next(), done)
  })

  it('tells a failure once, after what is buffered', async () => {
    const queue = new AsyncQueue<number>()
    queue.push(1)
    queue.fail(new Error('lost'))
    assert.deepEqual(await queue.next(), { value: 1, done: false })
    await assert.rejects(queue.next(), /lost/)
    assert.deepEqual(await queue.next(), done)
  })

  it('tells a failure at once, in place of what is buffered, when told so', async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 })
    queue.push(1)
    const waiting = queue.push(2)
    queue.fail(new Error('canceled'), { now: true })
    assert.equal(await waiting, false)
    await assert.rejects(queue.next(), /canceled/)
  })

  it('lets a failure that is due now overtake an end that the reader has not reached', async () => {
    const queue = new AsyncQueue<number>()
    queue.push(1)
    queue.end()
    queue.fail(new Error('canceled'), { now: true })
    await assert.rejects(queue.next(), /canceled/)
    assert.deepEqual(await queue.next(), done)
  })

  it('calls onReturn once when the reader leaves, and not when it has read to the end', async () => {
    const left = new Recorded(16)
    for (const value of [1, 2]) left.push(value)
    for await (const value of left.queue) if (value === 1) break
    await left.queue.return()
    assert.equal(left.log.returns, 1)
    assert.equal(left.queue.push(3), false)
    assert.equal(left.queue.length, 0)

    const read = new Recorded(16)
    read.push(1)
    read.queue.end()
    for await (const value of read.queue) assert.equal(value, 1)
    await read.queue.return()
    assert.equal(read.log.returns, 0)
  })

  it('rejects return() with what onReturn throws, and is closed all the same', async () => {
    const queue = new AsyncQueue<number>({
      onReturn: () => {
        throw new Error('onReturn')
      },
    })
    const reading = queue.next()
    await assert.rejects(queue.return(), /onReturn/)
    assert.deepEqual(await reading, done)
    assert.equal(queue.push(1), false)
  })

  it('carries undefined and promises as they are', async () => {
    const queue = new AsyncQueue<unknown>()
    const promise = Promise.resolve(1)
    queue.push(undefined)
    queue.push(promise)
    assert.deepEqual(await queue.next(), { value: undefined, done: false })
    assert.equal((await queue.next()).value, promise)
  })

  it('refuses a capacity that holds nothing', () => {
    for (const capacity of [0, 1.5, NaN]) {
      assert.throws(() => new AsyncQueue({ capacity }), { name: 'RangeError', message: /^capacity must be an integer/ })
    }
  })
})
