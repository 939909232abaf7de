// Tests of request-stream.ts: messages go out as lines, many at once, and no more are taken than can be sent.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AsyncQueue } from '../../primitives/async-queue.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { RequestStream } from './request-stream.ts'

const settle = () => manualClock().settle()
const text = (piece: Uint8Array) => new TextDecoder().decode(piece)

/** What was made of a message that cannot be sent. */
class Unfit extends Error {}
const stream = (source: AsyncIterable<unknown>) => new RequestStream(source, (cause) => new Unfit('unfit', { cause }))

async function* of(...messages: readonly unknown[]): AsyncGenerator<unknown> {
  yield* messages
}

async function pieces(from: AsyncIterable<Uint8Array>): Promise<string[]> {
  const all: string[] = []
  for await (const piece of from) all.push(text(piece))
  return all
}

/** Messages of that length for ever. */
function endless(chars: number) {
  const state = { given: 0, closed: false }
  async function* source() {
    try {
      for (;;) {
        state.given++
        yield 'x'.repeat(chars)
      }
    } finally {
      state.closed = true
    }
  }
  return { state, source: source() }
}

describe('RequestStream', () => {
  it('sends every message once and in order, as a line of JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (messages) => {
        const lines = (await pieces(stream(of(...messages)))).join('').split('\n')
        assert.equal(lines.pop(), '')
        assert.deepEqual(
          lines,
          messages.map((message) => JSON.stringify(message)),
        )
      }),
    )
  })

  it('gathers what is there within one turn of the event loop', async () => {
    assert.deepEqual(await pieces(stream(of(1, 'a\nb', undefined))), ['1\n"a\\nb"\nnull\n'])
  })

  it('sends nothing for a source without messages', async () => {
    assert.deepEqual(await pieces(stream(of())), [])
  })

  it('waits for a message, and sends it without waiting for the next one', async () => {
    const source = new AsyncQueue<unknown>()
    const sent = stream(source)
    const first = sent.next()
    await settle()
    source.push('ä')
    assert.equal(text((await first).value), '"ä"\n')
    const last = sent.next()
    source.end()
    assert.deepEqual(await last, { done: true, value: undefined })
    assert.equal((await sent.next()).done, true)
  })

  it('stops reading a source when enough has been gathered, and reads on when that has been sent', async () => {
    const { source, state } = endless(1_000)
    const sent = stream(source)
    for (let i = 0; i < 10; i++) await settle()
    const before = state.given
    assert.ok(before >= 10 && before <= 20, `${before} were read`)
    const piece = await sent.next()
    assert.equal(text(piece.value).split('\n').length - 1, before)
    await settle()
    assert.ok(state.given > before && state.given <= 2 * before, `${state.given} were read`)
    await sent.return()
  })

  it('takes a large message by itself', async () => {
    const { source, state } = endless(100_000)
    const sent = stream(source)
    await settle()
    assert.equal(state.given, 1)
    assert.equal((await sent.next()).value.length, 100_003)
    await sent.return()
  })

  it('lets others work while a source never waits', async () => {
    const { source } = endless(1)
    const sent = stream(source)
    let turns = 0
    const count = () => {
      turns++
      if (turns < 100) setImmediate(count)
    }
    setImmediate(count)
    for (let i = 0; i < 20; i++) await sent.next()
    assert.ok(turns >= 10, `${turns} turns`)
    await sent.return()
  })

  it('fails with what the source throws, once, and behind what came before', async () => {
    const gone = new Error('gone')
    async function* source() {
      yield 1
      throw gone
    }
    const sent = stream(source())
    assert.equal(text((await sent.next()).value), '1\n')
    await assert.rejects(sent.next(), gone)
    assert.equal((await sent.next()).done, true)
  })

  it('fails with what the source throws at once', async () => {
    const gone = new Error('gone')
    const source: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw gone
        },
      }),
    }
    await assert.rejects(stream(source).next(), gone)
  })

  it('fails with what a message that is no JSON means, behind what came before, and closes the source', async () => {
    let closed = false
    async function* source() {
      try {
        yield 1
        yield 10n
        assert.fail('it is read on')
      } finally {
        closed = true
      }
    }
    const sent = stream(source())
    assert.equal(text((await sent.next()).value), '1\n')
    await assert.rejects(sent.next(), (thrown) => thrown instanceof Unfit && thrown.cause instanceof TypeError)
    await settle()
    assert.ok(closed)
  })

  it('ends at once for whoever leaves, and closes the source', async () => {
    const { source, state } = endless(1_000)
    const sent = stream(source)
    await settle()
    assert.deepEqual(await sent.return(), { done: true, value: undefined })
    await settle()
    assert.ok(state.closed)
    const { given } = state
    await settle()
    assert.equal(state.given, given)
  })

  it('ends at once for whoever leaves a source that hangs, closing included', async () => {
    let returned = 0
    const never = () => new Promise<never>(() => {})
    const source: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]: () => ({
        next: never,
        return: () => {
          returned++
          return never()
        },
      }),
    }
    const sent = stream(source)
    const waiting = sent.next()
    assert.equal((await sent.return()).done, true)
    assert.equal((await waiting).done, true)
    assert.equal(returned, 1)
  })

  it('leaves alone a source that has ended', async () => {
    const source = new AsyncQueue<unknown>({ onReturn: () => assert.fail('it was closed') })
    source.end()
    const sent = stream(source)
    assert.equal((await sent.next()).done, true)
    assert.equal((await sent.return()).done, true)
  })

  it('tells the size of each message, without what ends its line, and of none that cannot be sent', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const unfit = () => new Unfit('unfit')
    await assert.rejects(pieces(new RequestStream(of('é', undefined, 12, 1n), unfit, sizes)), Unfit)
    assert.deepEqual(sizes.sent.events, [4, 4, 2])
  })
})
