// Tests of push.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type PushFailed, type PushOptions, push } from './push.ts'

/** A receiver that answers at once, or when the test says so. */
class Receiver {
  readonly starts: number[] = []
  readonly #clock: ManualClock
  readonly #answers: PromiseWithResolvers<void>[] | undefined

  constructor(clock: ManualClock, isSlow = false) {
    this.#clock = clock
    this.#answers = isSlow ? [] : undefined
  }

  readonly send = (): Promise<void> | void => {
    this.starts.push(this.#clock.now())
    if (this.#answers === undefined) return undefined
    const answer = Promise.withResolvers<void>()
    this.#answers.push(answer)
    return answer.promise
  }

  answer(error?: Error): void {
    const answer = this.#answers?.shift()
    if (error === undefined) answer?.resolve()
    else answer?.reject(error)
  }
}

function started(send: () => Promise<void> | void, options?: PushOptions) {
  const clock = manualClock()
  return { clock, pushing: push(send, { intervalMs: 1_000, jitterRatio: 0, clock, ...options }) }
}

describe('push', () => {
  it('gives a sending up that hangs, sends again, and closes', async () => {
    const clock = manualClock()
    const receiver = new Receiver(clock, true)
    const failed = recorder<PushFailed>()
    const pushing = push(receiver.send, { intervalMs: 1_000, jitterRatio: 0, timeoutMs: 1_500, onError: failed, clock })
    await clock.advance(3_000)
    assert.deepEqual(receiver.starts, [1_000, 3_000])
    assert.match(String(failed.events[0]?.error), /was not taken within 1\.5s/)
    const closing = pushing[Symbol.asyncDispose]()
    await clock.advance(3_000)
    await closing
    assert.deepEqual([receiver.starts.length, failed.events.length, clock.pending], [3, 3, 0])
  })

  it('sends at intervals, the first time one interval from the beginning', async () => {
    const clock = manualClock()
    const receiver = new Receiver(clock)
    const pushing = push(receiver.send, { intervalMs: 1_000, jitterRatio: 0, clock })
    await clock.advance(3_500)
    assert.deepEqual(receiver.starts, [1_000, 2_000, 3_000])
    await pushing[Symbol.asyncDispose]()
  })

  it('sends only when it is told to, and at the end, with an interval without end', async () => {
    const clock = manualClock()
    const receiver = new Receiver(clock)
    const pushing = push(receiver.send, { intervalMs: Infinity, clock })
    assert.equal(clock.pending, 0)
    await clock.advance(1_000_000)
    assert.deepEqual(receiver.starts, [])
    await pushing.flush()
    await pushing[Symbol.asyncDispose]()
    assert.deepEqual(receiver.starts, [1_000_000, 1_000_000])
  })

  it('sends every ten seconds, a tenth more or less, when nothing else is said', async () => {
    for (const [drawn, first] of [
      [0, 9_000],
      [0.5, 10_000],
      [0.999_999, 11_000],
    ] as const) {
      const clock = manualClock()
      const receiver = new Receiver(clock)
      await using _pushing = push(receiver.send, { clock, random: () => drawn })
      await clock.advance(first - 100)
      assert.deepEqual(receiver.starts, [])
      await clock.advance(100)
      assert.equal(receiver.starts.length, 1)
    }
  })

  it('draws each interval anew', async () => {
    const draws = [0, 0.5, 0.75]
    const clock = manualClock()
    const receiver = new Receiver(clock)
    const random = () => draws.shift() ?? 0.5
    await using _pushing = push(receiver.send, { intervalMs: 1_000, jitterRatio: 0.2, clock, random })
    await clock.advance(2_900)
    assert.deepEqual(receiver.starts, [800, 1_800, 2_900])
  })

  it('leaves out intervals that pass while the receiver is busy, and is never with it twice at once', async () => {
    const clock = manualClock()
    const receiver = new Receiver(clock, true)
    const pushing = push(receiver.send, { intervalMs: 1_000, jitterRatio: 0, clock })
    await clock.advance(3_500)
    assert.deepEqual(receiver.starts, [1_000])
    receiver.answer()
    await clock.advance(1_000)
    assert.deepEqual(receiver.starts, [1_000, 4_000])
    receiver.answer()
    const closing = pushing[Symbol.asyncDispose]()
    await clock.settle()
    receiver.answer()
    await closing
  })

  it('goes on after failures, keeps the last one and counts those in a row', async () => {
    const failed = recorder<PushFailed>()
    const errors = [new Error('1'), new Error('2'), undefined, new Error('3')]
    const send = () => {
      const error = errors.shift()
      if (error !== undefined) throw error
    }
    const { clock, pushing } = started(send, { onError: failed })
    assert.equal(pushing.lastError, undefined)
    await clock.advance(2_000)
    assert.deepEqual(
      failed.events.map(({ error, failures }) => [String(error), failures]),
      [
        ['Error: 1', 1],
        ['Error: 2', 2],
      ],
    )
    assert.equal(String(pushing.lastError), 'Error: 2')
    await clock.advance(1_000)
    assert.equal(pushing.lastError, undefined)
    await clock.advance(1_000)
    assert.deepEqual(failed.events.at(-1)?.failures, 1)
    await pushing[Symbol.asyncDispose]()
  })

  it('goes on whatever its listener throws', async (t) => {
    t.mock.method(globalThis, 'queueMicrotask', () => {})
    let sent = 0
    const send = () => {
      sent++
      return Promise.reject(new Error('down'))
    }
    const onError = () => {
      throw new Error('mine')
    }
    const { clock, pushing } = started(send, { onError })
    await clock.advance(2_000)
    await pushing.flush()
    assert.equal(sent, 3)
    await pushing[Symbol.asyncDispose]()
  })

  it('sends at once when asked, and never rejects', async () => {
    const { clock, pushing } = started(() => Promise.reject(new Error('down')))
    await pushing.flush()
    assert.equal(String(pushing.lastError), 'Error: down')
    assert.equal(clock.now(), 0)
    await pushing[Symbol.asyncDispose]()
  })

  it('sends once more after the push that is under way, for all who asked meanwhile', async () => {
    const clock = manualClock()
    const receiver = new Receiver(clock, true)
    const pushing = push(receiver.send, { intervalMs: 1_000, jitterRatio: 0, clock })
    const first = pushing.flush()
    const second = pushing.flush()
    const third = pushing.flush()
    assert.equal(receiver.starts.length, 1)
    receiver.answer()
    await first
    await clock.settle()
    assert.equal(receiver.starts.length, 2, 'what they had to send may have come after the first had looked')
    receiver.answer(new Error('down'))
    await Promise.all([second, third])
    assert.equal(receiver.starts.length, 2)
    const last = pushing.flush()
    receiver.answer()
    await last
    assert.equal(receiver.starts.length, 3)
    const closing = pushing[Symbol.asyncDispose]()
    receiver.answer()
    await closing
  })

  it('sends what is left when it is disposed, once, and then no more', async () => {
    const clock = manualClock()
    const receiver = new Receiver(clock, true)
    const pushing = push(receiver.send, { intervalMs: 1_000, jitterRatio: 0, clock })
    await clock.advance(1_000)
    const closing = Promise.all([pushing[Symbol.asyncDispose](), pushing[Symbol.asyncDispose]()])
    // The limit of the sending that is under way, and no interval.
    assert.equal(clock.pending, 1)
    receiver.answer()
    await clock.settle()
    assert.equal(receiver.starts.length, 2)
    receiver.answer(new Error('gone'))
    await closing
    assert.equal(clock.pending, 0)
    await clock.advance(10_000)
    assert.equal(receiver.starts.length, 2)
  })

  it('does not hold the process', (t) => {
    const clock = manualClock()
    const scheduled = t.mock.method(clock, 'schedule')
    push(() => {}, { clock })
    assert.deepEqual(scheduled.mock.calls[0]?.arguments[2], { background: true })
  })

  it('refuses intervals that make no sense', () => {
    for (const intervalMs of [0, 9, NaN, 2 ** 31])
      assert.throws(() => push(() => {}, { intervalMs }), { name: 'RangeError', message: /^intervalMs / })
    for (const jitterRatio of [-0.1, 1.1, NaN])
      assert.throws(() => push(() => {}, { jitterRatio }), { name: 'RangeError', message: /^jitterRatio / })
  })
})
