// Tests of reply-stream.ts: what a reader of NDJSON or of Server-Sent Events gets of a stream, and how fast.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { AsyncQueue } from '../../primitives/async-queue.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { HeaderList, ReplyWriter } from './exchange.ts'
import { events, failureMark, lines, lineType, type ReplyStreamOptions, sendReplyStream } from './reply-stream.ts'

/** A reply whose caller reads when the test says so. */
class Writer implements ReplyWriter {
  readonly pieces: (string | Uint8Array)[] = []
  trailers: HeaderList | undefined = undefined
  destroyed = false
  /** What the next writes give; true when there is none. */
  readonly answers: Promise<boolean>[] = []

  get text(): string {
    return this.pieces.join('')
  }

  blocked = false

  write(piece: string | Uint8Array): true | Promise<boolean> {
    assert.equal(this.trailers, undefined, 'a piece came after the end')
    this.pieces.push(piece)
    return this.answers.shift() ?? true
  }

  end(trailers: HeaderList): void {
    assert.equal(this.trailers, undefined, 'it ended twice')
    this.trailers = trailers
  }

  destroy(): void {
    this.destroyed = true
  }
}

const sent = (source: AsyncIterable<unknown>, writer: Writer, options: Partial<ReplyStreamOptions> = {}) =>
  sendReplyStream(source, writer, {
    format: lines,
    clock: manualClock(),
    heartbeatMs: 1_000,
    eventId: undefined,
    trailers: () => [],
    fail: (thrown) => new ServiceError('internal', 'could not be encoded', { cause: thrown }),
    ...options,
  })

async function* of(...messages: readonly unknown[]): AsyncGenerator<unknown> {
  yield* messages
}

/** Messages, and then an error. */
async function* failing(error: unknown, ...messages: readonly unknown[]): AsyncGenerator<unknown> {
  yield* messages
  throw error
}

/** A source that never ends and notes that it was closed. */
function endless(): AsyncGenerator<number> & { closed: boolean; given: number } {
  const state = { closed: false, given: 0 }
  async function* source() {
    try {
      for (;;) yield ++state.given
    } finally {
      state.closed = true
    }
  }
  const made = source()
  return Object.defineProperties(made, {
    closed: { get: () => state.closed },
    given: { get: () => state.given },
  }) as AsyncGenerator<number> & { closed: boolean; given: number }
}

/** The events that a browser would see (WHATWG HTML, 9.2.6). */
function seen(text: string): { readonly event: string; readonly data: string; readonly id: string }[] {
  let id = ''
  const found: { event: string; data: string; id: string }[] = []
  const blocks = text.split('\n\n')
  assert.equal(blocks.pop(), '', 'the last event is not complete')
  for (const block of blocks) {
    let event = 'message'
    const data: string[] = []
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      if (name === 'event') event = value
      if (name === 'data') data.push(value)
      if (name === 'id') id = value
    }
    if (data.length > 0) found.push({ event, data: data.join('\n'), id })
  }
  return found
}

const messages = [{ a: 1 }, 'two\nlines\r\n', null, undefined, [], 'ä\u2028']

describe('a stream of lines', () => {
  it('is one JSON value a line, and just ends', async () => {
    const writer = new Writer()
    await sent(of(...messages), writer)
    assert.deepEqual(lines.headers, ['content-type', lineType])
    assert.ok(writer.text.endsWith('\n'))
    const read = writer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(read, [{ a: 1 }, 'two\nlines\r\n', null, null, [], 'ä\u2028'])
    assert.deepEqual(writer.trailers, [])
  })

  it('is nothing at all when there are no messages', async () => {
    const writer = new Writer()
    await sent(of(), writer)
    assert.deepEqual([writer.text, writer.trailers], ['', []])
  })

  it('ends with a marked problem document when it fails', async () => {
    const writer = new Writer()
    await sent(failing(new ServiceError('not_found', 'gone\n'), 1), writer)
    const [first, last = '', rest] = writer.text.split('\n')
    assert.deepEqual([first, rest, last[0]], ['1', '', failureMark])
    const { code, detail } = JSON.parse(last.slice(1))
    assert.deepEqual([code, detail], ['not_found', 'gone\n'])
    assert.deepEqual(writer.trailers, [])
  })

  it('tells a stranger nothing of an error that is not ours', async () => {
    const writer = new Writer()
    await sent(failing(new Error('secret')), writer)
    assert.match(writer.text, /"code":"internal"/)
    assert.doesNotMatch(writer.text, /secret/)
  })

  it('has no heartbeat', async () => {
    const clock = manualClock()
    const writer = new Writer()
    const source = new AsyncQueue<unknown>()
    const done = sent(source, writer, { clock })
    await clock.advance(100_000)
    assert.deepEqual([writer.text, clock.pending], ['', 0])
    source.end()
    await done
  })

  it('tells the size of each message, without what ends its line', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    await sent(of('é', 12, undefined), new Writer(), { sizes })
    assert.deepEqual(sizes.sent.events, [4, 2, 4])
  })

  it('tells the size of the error that ends it', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const [failed, unfit] = [new Writer(), new Writer()]
    await sent(failing(new ServiceError('not_found', 'é'), 1), failed, { sizes })
    await sent(of(1n), unfit, { sizes })
    // The mark and the end of the line are none of it.
    const bytes = ({ text }: Writer) => Buffer.byteLength(text.slice(text.indexOf(failureMark))) - 2
    assert.deepEqual(sizes.sent.events, [1, bytes(failed), bytes(unfit)])
  })

  it('tells nothing of what its caller did not take', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const writer = new Writer()
    writer.answers.push(Promise.resolve(true), Promise.resolve(true), Promise.resolve(false))
    await sent(of('a', 'bc', 'def'), writer, { sizes })
    assert.deepEqual(sizes.sent.events, [3, 4])
    writer.answers.push(Promise.resolve(true), Promise.resolve(false))
    await sent(failing(new Error('secret'), 1), writer, { sizes })
    assert.deepEqual(sizes.sent.events, [3, 4, 1])
    // The error waits for a caller that does not read; it is on its way all the same.
    const slow = Object.assign(new Writer(), { blocked: true })
    slow.answers.push(Promise.resolve(true), new Promise<never>(() => {}))
    await sent(failing(new Error('secret'), 1), slow, { sizes })
    assert.equal(sizes.sent.events.length, 5)
  })
})

describe('a stream of events', () => {
  const options = { format: events }

  it('is one event a message, and an event of its own at the end', async () => {
    const writer = new Writer()
    await sent(of(...messages), writer, options)
    const all = seen(writer.text)
    assert.deepEqual(all.pop(), { event: 'end', data: '', id: '' })
    assert.ok(all.every(({ event, id }) => event === 'message' && id === ''))
    assert.deepEqual(
      all.map(({ data }) => JSON.parse(data)),
      [{ a: 1 }, 'two\nlines\r\n', null, null, [], 'ä\u2028'],
    )
  })

  it('is kept by no cache and no proxy', () => {
    const headers = events.headers
    assert.deepEqual(headers.slice(0, 2), ['content-type', 'text/event-stream'])
    assert.equal(headers[headers.indexOf('cache-control') + 1], 'no-cache')
  })

  it('gives messages the ids by which a browser asks again', async () => {
    const writer = new Writer()
    const eventId = (message: unknown) => (message === 2 ? undefined : `id-${message}`)
    await sent(of(1, 2, 3), writer, { ...options, eventId })
    assert.deepEqual(
      seen(writer.text).map(({ data, id }) => [data, id]),
      [
        ['1', 'id-1'],
        ['2', 'id-1'],
        ['3', 'id-3'],
        ['', 'id-3'],
      ],
    )
  })

  it('fails when an id would begin another line, or cannot be made', async () => {
    const thrower = () => {
      throw new Error('no id')
    }
    for (const eventId of [() => 'a\ndata: forged', () => 'a\rb', () => 'a\0', thrower]) {
      const writer = new Writer()
      await sent(of(1, 2), writer, { ...options, eventId })
      assert.deepEqual(
        seen(writer.text).map(({ event }) => event),
        ['error'],
      )
    }
  })

  it('ends with an event that says how it failed', async () => {
    const writer = new Writer()
    await sent(failing(new ServiceError('aborted', 'again'), 1), writer, options)
    const [first, last, ...rest] = seen(writer.text)
    assert.deepEqual([first?.data, last?.event, rest], ['1', 'error', []])
    assert.equal(JSON.parse(last?.data ?? '').code, 'aborted')
  })

  it('says something whenever it was silent for so long, and nothing more after its end', async () => {
    const clock = manualClock()
    const writer = new Writer()
    const source = new AsyncQueue<unknown>()
    const done = sent(source, writer, { ...options, clock })
    await clock.advance(999)
    assert.equal(writer.text, '')
    await clock.advance(1)
    assert.equal(writer.text, ':\n\n')
    await clock.advance(2_000)
    assert.equal(writer.text, ':\n\n'.repeat(3))
    await clock.advance(600)
    source.push(1)
    await clock.advance(999)
    assert.equal(writer.pieces.length, 4, 'the message was a sign of life')
    await clock.advance(1)
    assert.equal(writer.pieces.length, 5)
    source.end()
    await done
    assert.equal(clock.pending, 0)
    assert.deepEqual(
      seen(writer.text).map(({ event, data }) => [event, data]),
      [
        ['message', '1'],
        ['end', ''],
      ],
    )
  })

  it('sends no heartbeat to a reader that does not read', async () => {
    const clock = manualClock()
    const writer = new Writer()
    const stalled = Promise.withResolvers<boolean>()
    writer.answers.push(stalled.promise)
    const done = sent(of(1), writer, { format: events, clock, heartbeatMs: 10 })
    await clock.advance(100)
    assert.equal(writer.pieces.length, 1)
    stalled.resolve(true)
    await done
  })
})

describe('sendReplyStream', () => {
  it('ends with what a message that cannot be encoded means, and closes the source', async () => {
    for (const format of [lines, events]) {
      const writer = new Writer()
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
      await sent(source(), writer, { format })
      assert.equal(writer.pieces.length, 2)
      assert.match(writer.text, /"detail":"could not be encoded"/)
      assert.deepEqual([closed, writer.trailers], [true, []])
    }
  })

  it('reads no further while the caller does not', async () => {
    const clock = manualClock()
    const writer = new Writer()
    const source = endless()
    const room = Promise.withResolvers<boolean>()
    const gone = Promise.withResolvers<boolean>()
    writer.answers.push(room.promise, gone.promise)
    const done = sent(source, writer, { clock })
    await clock.settle()
    assert.deepEqual([writer.pieces.length, source.given], [1, 1])
    room.resolve(true)
    await clock.settle()
    assert.deepEqual([writer.pieces.length, source.given], [2, 2])
    gone.resolve(false)
    await done
  })

  it('stops when the caller has gone, and closes the source', async () => {
    for (const format of [lines, events]) {
      const clock = manualClock()
      const writer = new Writer()
      const source = endless()
      writer.answers.push(Promise.resolve(true), Promise.resolve(false))
      await sent(source, writer, { format, clock })
      assert.deepEqual([writer.pieces.length, source.closed], [2, true])
      assert.deepEqual([writer.trailers, clock.pending], [undefined, 0])
    }
  })

  it('sends the trailers that are set when it ends, also when it fails', async () => {
    for (const error of [undefined, new ServiceError('aborted')]) {
      const trailers: string[] = []
      const writer = new Writer()
      async function* source() {
        yield 1
        trailers.push('x-count', '1')
        if (error !== undefined) throw error
      }
      await sent(source(), writer, { trailers: () => trailers })
      assert.deepEqual(writer.trailers, ['x-count', '1'])
    }
  })
})
