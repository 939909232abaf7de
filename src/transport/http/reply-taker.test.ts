// Tests of reply-taker.ts: a good reply becomes messages however it is cut, and a bad one never passes for a good one.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServiceError } from '../../core/errors.ts'
import type { Exchange } from '../../platform/exchange.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { jsonCodec } from '../codec.ts'
import { problemText } from './problem.ts'
import { failureMark } from './reply-stream.ts'
import { MessageTaker, type ReplyTaker, StreamTaker } from './reply-taker.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const settle = () => manualClock().settle()

/** The exchange that a taker hears from, as its contract has it: after its end it does nothing. */
class Wire implements Exchange {
  taker: ReplyTaker | undefined = undefined
  paused = false
  aborts = 0
  #over = false

  abort(reason?: unknown): void {
    if (this.#over) return
    this.aborts++
    this.#over = true
    this.taker?.onFailure(ServiceError.fromAbort(reason))
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  give(...chunks: readonly (string | Uint8Array)[]): void {
    for (const chunk of chunks) {
      if (!this.#over) this.taker?.onData(typeof chunk === 'string' ? bytes(chunk) : chunk)
    }
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    this.taker?.onEnd()
  }

  fail(error: ServiceError): void {
    this.#over = true
    this.taker?.onFailure(error)
  }
}

function taken(Taker: typeof MessageTaker | typeof StreamTaker, maxBytes = 1_000) {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // Looked at later, if at all.
  promise.catch(() => {})
  const wire = new Wire()
  wire.taker = new Taker(jsonCodec(), maxBytes, resolve, reject)
  wire.taker.onHead(200, new Map(), wire)
  return { wire, promise }
}

async function streamed(maxBytes?: number) {
  const { wire, promise } = taken(StreamTaker, maxBytes)
  const stream = (await promise) as AsyncIterableIterator<unknown>
  const rest = async () => {
    const all: unknown[] = []
    for await (const message of stream) all.push(message)
    return all
  }
  return { wire, stream, rest }
}

/** Cuts bytes at some places. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = places.map((place) => Math.floor(place * whole.length)).sort((a, b) => a - b)
  return [0, ...at].map((from, i) => whole.subarray(from, at[i] ?? whole.length))
}
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 })
const message = fc
  .jsonValue()
  .map((value) => JSON.parse(JSON.stringify(value)))
  .filter((value) => !/"(?:__proto__|constructor)"/.test(JSON.stringify(value)))

describe('MessageTaker', () => {
  it('gives the message, wherever it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(message, places, async (value, at) => {
        const { wire, promise } = taken(MessageTaker, 100_000)
        wire.give(...cut(bytes(`${JSON.stringify(value)}\n`), at))
        wire.end()
        assert.deepEqual(await promise, value)
      }),
    )
  })

  it('gives nothing for a reply without a body', async () => {
    const { wire, promise } = taken(MessageTaker)
    wire.end()
    assert.equal(await promise, undefined)
  })

  it('calls the reply off when it is too large, and not before', async () => {
    const exact = taken(MessageTaker, 5)
    exact.wire.give('"a', 'bc"')
    exact.wire.end()
    assert.equal(await exact.promise, 'abc')
    const large = taken(MessageTaker, 5)
    large.wire.give('"ab', 'cd"')
    assert.equal(large.wire.aborts, 1)
    await assert.rejects(large.promise, { code: 'internal', message: /larger than 5 bytes/ })
  })

  it('fails when the reply cannot be read, and that is not the fault of the caller', async () => {
    for (const body of ['{', 'hello', '{"__proto__":1}', new Uint8Array([0x22, 0xff, 0x22])]) {
      const { wire, promise } = taken(MessageTaker)
      wire.give(body)
      wire.end()
      await assert.rejects(promise, { code: 'internal', message: /could not be read/ })
    }
  })

  it('fails as the exchange does, whatever has come', async () => {
    const { wire, promise } = taken(MessageTaker)
    const error = new ServiceError('unavailable', 'cut')
    wire.give('1')
    wire.fail(error)
    await assert.rejects(promise, error)
  })
})

describe('StreamTaker', () => {
  it('gives the stream as soon as the headers are there', async () => {
    const { stream } = await streamed()
    assert.equal(typeof stream.next, 'function')
  })

  it('gives the messages, wherever they were cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 50 }), places, fc.boolean(), async (values, at, ended) => {
        const { wire, rest } = await streamed(100_000)
        const text = values.map((value) => JSON.stringify(value)).join('\n')
        wire.give(...cut(bytes(ended ? `${text}\n` : text), at))
        wire.end()
        assert.deepEqual(await rest(), values)
      }),
    )
  })

  it('fails when its last line cannot be read, although the connection has ended by then', async () => {
    const { wire, stream } = await streamed()
    wire.give('1\n{"a":')
    wire.end()
    assert.equal((await stream.next()).value, 1)
    await assert.rejects(stream.next(), { code: 'internal', message: 'the reply could not be read' })
  })

  it('fails with the error that stands behind a mark, after the messages before it', async () => {
    const error = new ServiceError('not_found', 'gone', { details: { id: 1 }, retryAfterMs: 5 })
    const whole = bytes(`1\n2\n${failureMark}${problemText(error)}\n`)
    for (const at of [[], [0.5], [0.1, 0.2, 0.9]]) {
      const { wire, stream } = await streamed()
      wire.give(...cut(whole, at))
      wire.end()
      assert.deepEqual([(await stream.next()).value, (await stream.next()).value], [1, 2])
      await assert.rejects(stream.next(), (thrown) => {
        assert.ok(thrown instanceof ServiceError)
        assert.deepEqual(thrown.toJSON(), error.toJSON())
        return true
      })
      assert.equal((await stream.next()).done, true)
    }
  })

  it('fails for a mark behind which nothing stands that is ours', async () => {
    const { wire, stream } = await streamed()
    wire.give(`${failureMark}{"title":"?"}\n`)
    wire.end()
    await assert.rejects(stream.next(), { code: 'unknown' })
  })

  it('fails when a line cannot be read, after the messages before it, and calls the reply off', async () => {
    for (const line of ['{', 'hello', '{"__proto__":1}', `${failureMark}{`]) {
      const { wire, stream } = await streamed()
      wire.give(`1\n${line}\n2\n`)
      assert.equal(wire.aborts, 1)
      assert.equal((await stream.next()).value, 1)
      await assert.rejects(stream.next(), { code: 'internal', message: /could not be read/ })
      assert.equal((await stream.next()).done, true)
    }
  })

  it('limits each message and not the stream', async () => {
    const { wire, stream } = await streamed(5)
    wire.give('12345\n'.repeat(10), '123', '456')
    assert.equal(wire.aborts, 1)
    for (let i = 0; i < 10; i++) assert.equal((await stream.next()).value, 12_345)
    await assert.rejects(stream.next(), { code: 'internal', message: /larger than 5 bytes/ })
  })

  it('fails as the exchange does, after the messages that came', async () => {
    const { wire, stream } = await streamed()
    const error = new ServiceError('unavailable', 'cut')
    wire.give('1\n2')
    wire.fail(error)
    assert.equal((await stream.next()).value, 1)
    await assert.rejects(stream.next(), error)
  })

  it('fails as the exchange does when not even the headers came', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const error = new ServiceError('unavailable')
    new StreamTaker(jsonCodec(), 10, resolve, reject).onFailure(error)
    await assert.rejects(promise, error)
  })

  it('has the connection wait while too many messages lie unread, and go on when they are read', async () => {
    const { wire, stream } = await streamed()
    wire.give('1\n')
    assert.equal(wire.paused, false)
    wire.give('2\n'.repeat(1_000))
    assert.equal(wire.paused, true)
    for (let i = 0; i < 100; i++) await stream.next()
    await settle()
    assert.equal(wire.paused, true)
    for (let i = 0; i < 900; i++) await stream.next()
    await settle()
    assert.equal(wire.paused, false)
  })

  it('calls the reply off when its reader leaves', async () => {
    const { wire, stream } = await streamed()
    wire.give('1\n2\n')
    await stream.next()
    await stream.return?.()
    assert.equal(wire.aborts, 1)
    assert.equal((await stream.next()).done, true)
  })

  it('tells the size of each message when it has come, and of an error', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const { wire, rest } = await streamed()
    wire.taker?.watch?.(sizes)
    const problem = problemText(new ServiceError('not_found', 'é'))
    wire.give('"a', 'bc"\r\n\n12\n')
    assert.deepEqual(sizes.received.events, [5, 2])
    wire.give('"last')
    assert.deepEqual(sizes.received.events, [5, 2])
    wire.give('"\n', `${failureMark}${problem}\n`)
    assert.deepEqual(sizes.received.events, [5, 2, 6, bytes(problem).length])
    await assert.rejects(rest(), { code: 'not_found' })
  })

  it('tells nothing of a message that is too large', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const { wire, rest } = await streamed(5)
    wire.taker?.watch?.(sizes)
    wire.give('12345\n123456\n')
    await assert.rejects(rest(), { code: 'internal' })
    assert.ok(!sizes.received.events.includes(6))
  })
})
