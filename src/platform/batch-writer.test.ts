// Tests of batch-writer.ts: with a channel that is told what to take, and with real receivers that come and go.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { datagramReceiver, streamReceiver, unusedPort } from '../../test/platform/receivers.ts'
import { ScriptedChannel } from '../../test/platform/scripted-channel.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { BatchWriter, type BatchWriterOptions } from './batch-writer.ts'
import { Socket } from './socket.ts'

function scene(options: BatchWriterOptions & { readonly datagrams?: boolean; readonly room?: number } = {}) {
  const { datagrams = true, room = Infinity, ...rest } = options
  const clock = manualClock()
  const channel = new ScriptedChannel(datagrams)
  channel.room = room
  const writer = new BatchWriter(channel, { clock, ...rest })
  const counts = () => ({ sent: writer.sent, dropped: writer.dropped })
  return { clock, channel, writer, counts }
}

/** Whether a promise has been settled when all has happened that needs no time. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  void promise.then(() => {
    isSettled = true
  })
  await manualClock().settle()
  return isSettled
}

describe('a batch writer', () => {
  it('refuses options out of range', () => {
    const refused: readonly (readonly [BatchWriterOptions, boolean, RegExp])[] = [
      [{ maxChunkBytes: 0 }, true, /^maxChunkBytes must be an integer from 1 to 65507, but is 0$/],
      [{ maxChunkBytes: 65_508 }, true, /^maxChunkBytes must be/],
      [{ maxChunkBytes: 1_048_577 }, false, /^maxChunkBytes must be an integer from 1 to 1048576/],
      [{ maxPendingBytes: 1_431 }, true, /^maxPendingBytes must be a number from 1432 to/],
      [{ maxPendingBytes: Infinity }, false, /^maxPendingBytes must be a number from 16384 to/],
      [{ flushIntervalMs: -1 }, true, /^flushIntervalMs must be a number from 0/],
      [{ flushTimeoutMs: Number.NaN }, true, /^flushTimeoutMs must be a number from 0/],
    ]
    for (const [options, datagrams, message] of refused)
      assert.throws(() => new BatchWriter(new ScriptedChannel(datagrams), options), { message })
  })

  it('fills datagrams up to their size, and joins lines with line feeds', () => {
    const { channel, writer } = scene({ maxChunkBytes: 8 })
    for (const line of ['aa\n', 'bb\n', 'cc\n', 'ddd\n', 'eeee\n', 'f\n']) writer.write(line)
    assert.deepEqual(channel.texts, ['aa\nbb\ncc', 'ddd\neeee'])
  })

  it('fills datagrams by bytes, and not by characters', () => {
    const { channel, writer } = scene({ maxChunkBytes: 7 })
    for (const line of ['ab\n', 'é\n', 'é\n', 'c\n', '語\n', '語語\n']) writer.write(line)
    void writer.flush()
    assert.deepEqual(channel.texts, ['ab\né', 'é\nc', '語', '語語'])
  })

  it('makes a datagram of each line where none can be told from the next, whatever is in it', async () => {
    const { channel, writer, counts, clock } = scene({ maxChunkBytes: 8, framing: 'each' })
    for (const line of ['a', 'b\nc', '12345678', '語語', '語語語', '123456789', 'd\n']) writer.write(line)
    assert.deepEqual(channel.texts, ['a', 'b\nc', '12345678', '語語'])
    await clock.advance(100)
    assert.deepEqual(channel.texts.slice(4), ['d\n'])
    channel.answer()
    assert.deepEqual(counts(), { sent: 5, dropped: 2 })
  })

  it('puts what has a frame of its own into a stream as it is', () => {
    const { channel, writer } = scene({ maxChunkBytes: 9, datagrams: false, framing: 'each' })
    for (const line of ['1 a', '2 b\n', '3 語', '12 longer than ', '1 e']) writer.write(line)
    assert.deepEqual(channel.texts, ['1 a2 b\n', '3 語', '12 longer than '])
  })

  it('fills chunks of a stream up to their size, and ends each line with a line feed', () => {
    const { channel, writer } = scene({ maxChunkBytes: 9, datagrams: false })
    for (const line of ['aa\n', 'bb\n', 'cc\n', 'ddd\n', 'longer than a chunk\n', 'e\n']) writer.write(line)
    assert.deepEqual(channel.texts, ['aa\nbb\ncc\n', 'ddd\n', 'longer than a chunk\n'])
  })

  it('tears lines that come together apart neither in datagrams nor in a stream, and counts them as one', async () => {
    for (const datagrams of [true, false]) {
      const { channel, writer, counts } = scene({ maxChunkBytes: 10, datagrams })
      for (let n = 0; n < 20; n++) {
        writer.write('a\n'.repeat((n % 4) + 1))
        writer.write('b:0\nb:-1\n')
      }
      void writer.flush()
      channel.answer()
      for (const text of channel.texts)
        assert.equal(text.match(/b:0/g)?.length, text.match(/b:0\nb:-1/g)?.length, JSON.stringify(text))
      assert.deepEqual(counts(), { sent: 40, dropped: 0 })
    }
  })

  it('tears such lines apart no more when they are not ASCII, and say so', async () => {
    const { channel, writer, counts } = scene({ maxChunkBytes: 20 })
    for (let n = 0; n < 20; n++) {
      writer.write('a\n')
      writer.write('é:0\né:-1\n', 2)
      writer.write('語語\n', 4)
    }
    writer.write('語:0\n語:-1234567890\n', 4)
    void writer.flush()
    channel.answer()
    for (const text of channel.texts) {
      assert.ok(Buffer.byteLength(text) <= 20, text)
      assert.equal(text.match(/é:0/g)?.length, text.match(/é:0\né:-1/g)?.length, JSON.stringify(text))
    }
    assert.deepEqual(counts(), { sent: 60, dropped: 1 })
  })

  it('says whether and how much waits for the channel', () => {
    const { channel, writer } = scene({ room: 1, maxChunkBytes: 4 })
    const waits = () => [writer.blocked, writer.pendingBytes]
    const after = [1, 2, 3, 4].map(() => {
      writer.write('aaaa\n')
      return waits()
    })
    assert.deepEqual(after, [
      [false, 0],
      [false, 0],
      [true, 4],
      [true, 8],
    ])
    channel.open()
    assert.deepEqual(waits(), [false, 0])
  })

  it('has chunks of 1,432 bytes for datagrams, and of 16 KiB for streams', async () => {
    for (const [datagrams, mostBytes] of [
      [true, 1_432],
      [false, 16_384],
    ] as const) {
      const { channel, writer } = scene({ datagrams })
      for (let n = 0; n < 20_000; n++) writer.write('x\n')
      assert.equal(channel.texts[0]?.length, datagrams ? mostBytes - 1 : mostBytes)
    }
  })

  it('sends what is there after the interval, and has no timer while there is nothing', async () => {
    const { clock, channel, writer } = scene()
    assert.equal(clock.pending, 0)
    writer.write('a\n')
    await clock.advance(60)
    writer.write('b\n')
    await clock.advance(39)
    assert.deepEqual(channel.texts, [])
    await clock.advance(1)
    assert.deepEqual(channel.texts, ['a\nb'])
    assert.equal(clock.pending, 0)
    writer.write('c\n')
    await clock.advance(100)
    assert.deepEqual(channel.texts, ['a\nb', 'c'])
    assert.equal(clock.pending, 0)
  })

  it('lets no line wait for longer than the interval, and has one timer, however much is written', async () => {
    const { clock, channel, writer } = scene({ maxChunkBytes: 10 })
    for (let n = 0; n < 50; n++) {
      writer.write(`${n % 10}\n`)
      assert.equal(clock.pending, 1)
      await clock.advance(10)
    }
    await clock.advance(100)
    assert.equal(channel.texts.join('\n').split('\n').length, 50)
  })

  it('counts lines as sent when they were taken, and as dropped when they were not', async () => {
    const { channel, writer, counts } = scene({ maxChunkBytes: 3 })
    for (const line of ['a\n', 'b\n', 'c\n', 'd\n', 'eee\n']) writer.write(line)
    void writer.flush()
    assert.deepEqual(channel.texts, ['a\nb', 'c\nd', 'eee'])
    assert.deepEqual(counts(), { sent: 0, dropped: 0 })
    channel.answer(undefined, 1)
    assert.deepEqual(counts(), { sent: 2, dropped: 0 })
    channel.answer(new Error('nobody listens there'), 1)
    assert.deepEqual(counts(), { sent: 2, dropped: 2 })
    channel.answer()
    assert.deepEqual(counts(), { sent: 3, dropped: 2 })
    channel.answer(undefined, 1)
    assert.deepEqual(counts(), { sent: 3, dropped: 2 })
  })

  it('drops a line that no datagram can carry, and counts it', async () => {
    const { clock, channel, writer, counts } = scene({ maxChunkBytes: 4 })
    writer.write('ab\n')
    writer.write('12345\n')
    // Its characters would fit, its bytes do not.
    writer.write('語語\n')
    writer.write('1234\n')
    await clock.advance(100)
    channel.answer()
    assert.deepEqual(channel.texts, ['ab', '1234'])
    assert.deepEqual(counts(), { sent: 2, dropped: 2 })
    writer.write('語語\n')
    await writer.flush()
    assert.deepEqual(counts(), { sent: 2, dropped: 3 })
  })

  it('keeps what comes while the channel takes nothing, and sends all in order when it does', async () => {
    const { clock, channel, writer, counts } = scene({ maxChunkBytes: 3, room: 0 })
    for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line)
    await clock.advance(1_000)
    writer.write('d\n')
    writer.write('e\n')
    await clock.advance(1_000)
    assert.deepEqual(channel.texts, [])
    channel.open(1)
    assert.deepEqual(channel.texts, ['a\nb'])
    // What is overdue does not wait for the interval again.
    channel.open()
    assert.deepEqual(channel.texts, ['a\nb', 'c\nd', 'e'])
    channel.answer()
    assert.deepEqual(counts(), { sent: 5, dropped: 0 })
    writer.write('f\n')
    channel.open()
    assert.equal(channel.texts.length, 3)
    await clock.advance(100)
    assert.equal(channel.texts.length, 4)
  })

  it('does not cut what waits into small chunks', async () => {
    const { clock, channel, writer } = scene({ room: 0 })
    writer.write('the first one finds out that nothing is taken\n')
    await clock.advance(100)
    for (let n = 0; n < 1_000; n++) {
      writer.write('x\n')
      void writer.flush()
      await clock.advance(100)
    }
    channel.open()
    assert.equal(channel.texts.length, 3)
  })

  it('drops the oldest chunk when too much waits', () => {
    const { channel, writer, counts } = scene({ maxChunkBytes: 3, maxPendingBytes: 6, room: 0 })
    for (const line of ['a\n', 'b\n', 'c\n', 'd\n', 'e\n', 'f\n', 'g\n']) writer.write(line)
    assert.deepEqual(counts(), { sent: 0, dropped: 2 })
    channel.open()
    assert.deepEqual(channel.texts, ['c\nd', 'e\nf'])
  })

  it('drops a line of a stream that is larger than all that may wait', async () => {
    const { channel, writer, counts } = scene({ datagrams: false, maxChunkBytes: 10, maxPendingBytes: 100, room: 0 })
    writer.write(`${'x'.repeat(100)}\n`)
    assert.deepEqual(counts(), { sent: 0, dropped: 1 })
    // This one is within it, but its bytes are not.
    writer.write(`${'é'.repeat(60)}\n`)
    writer.write('a\n')
    const flushed = writer.flush()
    assert.equal(await settled(flushed), false)
    assert.deepEqual(counts(), { sent: 0, dropped: 2 })
    channel.open()
    channel.answer()
    await flushed
    assert.deepEqual(channel.texts, ['a\n'])
  })

  it('keeps 100,000 lines that nobody takes within bounds, and counts the others', async () => {
    const { clock, channel, writer, counts } = scene({ room: 0 })
    const before = process.memoryUsage().external
    for (let n = 0; n < 100_000; n++) {
      writer.write(`service.requests.count:${n}|c\n`)
      if (n % 1_000 === 0) await clock.advance(100)
    }
    assert.ok(process.memoryUsage().external - before < 4 * 1_048_576)
    const { dropped } = counts()
    channel.open()
    void writer.flush()
    channel.answer()
    const kept = channel.texts.join('\n')
    assert.ok(kept.length > 1_000_000 && kept.length < 1_048_576 + 2 * 1_432, `${kept.length}`)
    assert.deepEqual(counts(), { sent: 100_000 - dropped, dropped })
    assert.ok(kept.endsWith('count:99999|c') && kept.startsWith(`service.requests.count:${dropped}|c`))
  })

  it('never throws away, repeats or cuts a line without saying so', () => {
    const anyLine = fc.string({ unit: fc.constantFrom('a', 'é', '語', '😀'), minLength: 1, maxLength: 12 })
    const anyStep = fc.oneof(
      { weight: 5, arbitrary: anyLine.map((line) => ({ line })) },
      fc.constantFrom(
        { open: 1 },
        { open: Infinity },
        { open: 0 },
        { answer: undefined },
        { answer: new Error('lost') },
      ),
      fc.constant({ flush: true }),
    )
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 100 }), fc.boolean(), (steps, datagrams) => {
        const { channel, writer, counts } = scene({ datagrams, maxChunkBytes: 16, maxPendingBytes: 48 })
        const written: string[] = []
        let lost = 0
        for (const step of steps) {
          if ('line' in step) {
            written.push(step.line)
            writer.write(`${step.line}\n`)
          } else if ('open' in step) channel.open(step.open)
          else if ('flush' in step) void writer.flush()
          else {
            const answered = channel.texts.slice(channel.answered)
            if (step.answer !== undefined) lost += answered.flatMap((text) => text.trim().split('\n')).length
            channel.answer(step.answer)
          }
        }
        channel.open()
        void writer.flush()
        channel.answer()
        const arrived = channel.texts.flatMap((text) => text.trim().split('\n'))
        assert.deepEqual(counts(), { sent: arrived.length - lost, dropped: written.length - arrived.length + lost })
        // In order, and each of them was written.
        let at = 0
        for (const line of arrived) {
          at = written.indexOf(line, at) + 1
          assert.notEqual(at, 0)
        }
        for (const text of channel.texts) {
          if (datagrams) assert.ok(Buffer.byteLength(text) <= 16 && !text.endsWith('\n'))
          else assert.ok(text.endsWith('\n'))
        }
      }),
    )
  })
})

describe('a flush', () => {
  it('resolves at once when there is nothing to send', async () => {
    const { clock, writer } = scene({ room: 0 })
    assert.equal(await settled(writer.flush()), true)
    assert.equal(clock.pending, 0)
  })

  it('waits for what was written before it, and not for what comes later', async () => {
    const { clock, channel, writer } = scene({ maxChunkBytes: 3 })
    for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line)
    const flushed = writer.flush()
    writer.write('d\n')
    const later = writer.flush()
    channel.answer(undefined, 1)
    assert.equal(await settled(flushed), false)
    channel.answer(undefined, 1)
    assert.equal(await settled(flushed), true)
    assert.equal(await settled(later), false)
    channel.answer(new Error('lost'))
    await later
    await clock.advance(100)
    assert.equal(clock.pending, 0)
  })

  it('waits for a channel that takes nothing yet, and has it take all at once then', async () => {
    const { channel, writer } = scene({ room: 0 })
    writer.write('a\n')
    const flushed = writer.flush()
    writer.write('b\n')
    const later = writer.flush()
    channel.open()
    assert.deepEqual(channel.texts, ['a', 'b'])
    channel.answer()
    await Promise.all([flushed, later])
  })

  it('is over when what it waits for was dropped', async () => {
    const { channel, writer } = scene({ maxChunkBytes: 3, maxPendingBytes: 3, room: 0 })
    writer.write('abc\n')
    const flushed = writer.flush()
    writer.write('d\n')
    assert.equal(await settled(flushed), false)
    writer.write('eee\n')
    writer.write('fff\n')
    await flushed
    assert.equal(channel.texts.length, 0)
    assert.equal(writer.dropped, 2)
  })

  it('is over when what it waits for is too long, as is found out late', async () => {
    const { channel, writer } = scene({ maxChunkBytes: 4, room: 0 })
    writer.write('a\n')
    void writer.flush()
    writer.write('語語\n')
    const flushed = writer.flush()
    assert.equal(await settled(flushed), false)
    channel.open()
    channel.answer()
    await flushed
    assert.deepEqual([channel.texts, writer.dropped], [['a'], 1])
  })

  it('gives up at its limit, and drops nothing', async () => {
    const { clock, channel, writer, counts } = scene({ room: 0 })
    writer.write('a\n')
    const flushed = writer.flush()
    await clock.advance(1_999)
    assert.equal(await settled(flushed), false)
    await clock.advance(1)
    await flushed
    assert.deepEqual(counts(), { sent: 0, dropped: 0 })
    assert.equal(clock.pending, 0)
    channel.open()
    channel.answer()
    assert.deepEqual(counts(), { sent: 1, dropped: 0 })
  })
})

describe('the end of a batch writer', () => {
  it('waits for what was written, and drops what comes later', async () => {
    const { clock, channel, writer, counts } = scene()
    writer.write('a\n')
    const ended = writer[Symbol.asyncDispose]()
    writer.write('b\n')
    assert.deepEqual(channel.texts, ['a'])
    assert.equal(await settled(ended), false)
    channel.answer()
    await ended
    writer.write('c\n')
    assert.deepEqual(counts(), { sent: 1, dropped: 2 })
    assert.equal(clock.pending, 0)
    await writer[Symbol.asyncDispose]()
    assert.deepEqual(counts(), { sent: 1, dropped: 2 })
  })

  it('drops what is left at the limit, and counts it', async () => {
    const { clock, channel, writer, counts } = scene({ maxChunkBytes: 3, room: 1, flushTimeoutMs: 500 })
    for (const line of ['aaa\n', 'bbb\n', 'ccc\n', 'd\n']) writer.write(line)
    const ended = writer[Symbol.asyncDispose]()
    await clock.advance(500)
    await ended
    assert.deepEqual(counts(), { sent: 0, dropped: 3 })
    channel.answer()
    channel.open()
    assert.deepEqual([channel.texts, counts()], [['aaa'], { sent: 1, dropped: 3 }])
    assert.equal(clock.pending, 0)
  })
})

/** A writer over a real socket, on a clock that stands still. */
function connected(address: string) {
  const clock = manualClock()
  const socket = new Socket(address, { clock, random: () => 0.5 })
  const writer = new BatchWriter(socket, { clock })
  return {
    clock,
    socket,
    writer,
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]()
      await socket.close()
      assert.equal(clock.pending, 0)
    },
  }
}

/** The numbers in what was heard, of lines like `n:7|c`; throws for a line that is none. */
function numbersIn(text: string): number[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, digits] = /^n:(\d+)\|c$/.exec(line) ?? []
      assert.notEqual(digits, undefined, `a broken line: ${line}`)
      return Number(digits)
    })
}

describe('a batch writer over a stream', () => {
  it('keeps what it can of 100,000 lines while the receiver is down, and goes on with it', async () => {
    const port = await unusedPort()
    await using scene = connected(`tcp://127.0.0.1:${port}`)
    await eventually(() => scene.socket.state === 'down')
    for (let n = 0; n < 100_000; n++) scene.writer.write(`n:${String(n).padStart(16, '0')}|c\n`)
    await using receiver = await streamReceiver(port)
    await scene.clock.advance(1_000)
    await eventually(() => receiver.text.endsWith('99999|c\n'))
    const numbers = numbersIn(receiver.text)
    const { dropped } = scene.writer
    assert.deepEqual(
      numbers,
      Array.from({ length: 100_000 - dropped }, (_, index) => dropped + index),
    )
    assert.ok(receiver.text.length > 1_000_000 && receiver.text.length < 1_080_000)
    await eventually(() => scene.writer.sent === numbers.length)
  })

  it('counts what it loses with receivers that are killed under load, and repeats and cuts nothing', async () => {
    const port = await unusedPort()
    await using scene = connected(`tcp://127.0.0.1:${port}`)
    const heard: number[] = []
    let written = 0
    for (let round = 0; round < 3; round++) {
      const receiver = await streamReceiver(port)
      await eventually(async () => {
        await scene.clock.advance(1_000)
        return scene.socket.state === 'open'
      })
      await eventually(() => {
        for (let n = 0; n < 20_000; n++) scene.writer.write(`n:${written++}|c\n`)
        return receiver.text.length > 500_000
      })
      for (const socket of receiver.open) socket.resetAndDestroy()
      // What was read may end within a line: the rest was lost with the connection.
      heard.push(...numbersIn(receiver.text.slice(0, receiver.text.lastIndexOf('\n'))))
      await receiver[Symbol.asyncDispose]()
      await eventually(() => scene.socket.state === 'down')
    }
    for (let at = 1; at < heard.length; at++) assert.ok((heard[at] as number) > (heard[at - 1] as number))
    const { sent, dropped } = scene.writer
    assert.ok(heard.length <= sent && sent < written && dropped < written)
    // The rest waits, and is lost with the end.
    const ended = scene.writer[Symbol.asyncDispose]()
    await scene.clock.advance(2_000)
    await ended
    assert.equal(scene.writer.sent + scene.writer.dropped, written)
  })

  it('to a receiver that reads slowly sends what it can, and counts the rest', async () => {
    let heard = ''
    await using receiver = await streamReceiver(0, (socket) => {
      socket.pause()
    })
    await using scene = connected(receiver.address)
    await eventually(() => scene.socket.state === 'open')
    const line = `n:1|c${' '.repeat(1_000)}\n`
    for (let n = 0; n < 20_000; n++) {
      scene.writer.write(line)
      if (n % 100 === 0) await scene.clock.settle()
    }
    const { dropped } = scene.writer
    assert.ok(dropped > 0)
    for (const socket of receiver.open) socket.on('data', (chunk) => (heard += chunk)).resume()
    const flushed = scene.writer.flush()
    await flushed
    await eventually(() => heard.length === line.length * (20_000 - dropped))
    assert.equal(scene.writer.sent, 20_000 - dropped)
  })
})

describe('a batch writer of datagrams', () => {
  it('counts what nobody hears, and is heard again without a pause', async () => {
    const port = await unusedPort()
    await using scene = connected(`udp://127.0.0.1:${port}`)
    await eventually(() => scene.socket.state === 'open')
    for (let n = 0; n < 5_000; n++) {
      scene.writer.write(`n:${n}|c\n`)
      if (n % 500 === 0) await scene.clock.advance(100)
    }
    await scene.writer.flush()
    assert.deepEqual([scene.writer.sent, scene.writer.dropped], [0, 5_000])
    await using receiver = await datagramReceiver(port)
    for (let n = 0; n < 300; n++) scene.writer.write(`n:${n}|c\n`)
    await scene.writer.flush()
    await eventually(() => receiver.heard.join('\n').endsWith('n:299|c'))
    assert.deepEqual(
      numbersIn(receiver.heard.join('\n')),
      Array.from({ length: 300 }, (_, index) => index),
    )
    assert.equal(scene.writer.sent, 300)
  })
})
