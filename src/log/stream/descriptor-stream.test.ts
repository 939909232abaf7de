// Tests of descriptor-stream.ts: a scripted kernel answers as pipes, disks and readers do, in both ways to write.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ScheduleOptions, Task, Timer } from '../../core/clock.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { type Descriptor, DescriptorStream } from './descriptor-stream.ts'
import type { Kernel, Written } from './kernel.ts'
import { checkedStreamOptions, type LinesDropped, type StreamFailure, type StreamOptions } from './line-stream.ts'

type Answer = number | 'all' | `E${string}`

/** Takes all that is written, unless it was told to answer otherwise: by how many bytes it takes, or by a code. */
class ScriptedKernel implements Kernel {
  readonly answers: Answer[] = []
  /** What is answered when no answers are left. */
  usual: Answer = 'all'
  /** Whether writes in the background wait for `land()`. */
  isSlow = false
  readonly asked: number[] = []
  readonly closed: number[] = []
  pausedMs = 0
  readonly #arrived = new Map<number, Buffer[]>()
  readonly #underWay: (() => void)[] = []

  text(fd = 1): string {
    return Buffer.concat(this.#arrived.get(fd) ?? []).toString()
  }

  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number {
    this.asked.push(length)
    const answer = this.answers.shift() ?? this.usual
    if (typeof answer === 'string' && answer !== 'all') throw Object.assign(new Error(answer), { code: answer })
    const taken = answer === 'all' ? length : Math.min(answer, length)
    const arrived = this.#arrived.get(fd) ?? []
    this.#arrived.set(fd, arrived)
    arrived.push(Buffer.from(bytes.subarray(offset, offset + taken)))
    return taken
  }

  write(fd: number, bytes: Uint8Array, offset: number, length: number, _: null, done: Written): void {
    assert.equal(this.#underWay.length, 0, 'there is one write at a time')
    this.#underWay.push(() => {
      try {
        done(null, this.writeSync(fd, bytes, offset, length))
      } catch (thrown) {
        done(thrown as NodeJS.ErrnoException, 0)
      }
    })
    if (!this.isSlow) process.nextTick(() => this.land())
  }

  land(): void {
    this.#underWay.shift()?.()
  }

  close(fd: number): void {
    this.closed.push(fd)
  }

  pause(ms: number): void {
    this.pausedMs += ms
  }
}

/** Remembers what holds the process. */
class WatchedClock extends ManualClock {
  readonly holds: boolean[] = []

  override scheduleAt(at: number, task: Task, options?: ScheduleOptions): Timer {
    this.holds.push(options?.background !== true)
    return super.scheduleAt(at, task, options)
  }
}

function scripted(given: StreamOptions = {}, descriptor: Partial<Descriptor> = {}) {
  const clock = new WatchedClock()
  const kernel = new ScriptedKernel()
  const drops = recorder<LinesDropped>()
  const failures = recorder<StreamFailure>()
  const options = checkedStreamOptions({ clock, onDrop: drops, onError: failures, ...given })
  const stream = new DescriptorStream({ fd: 1, isOurs: false, neverWaits: false, ...descriptor }, options, kernel)
  return { clock, kernel, drops, failures, stream }
}

const codes = (failures: { readonly events: readonly StreamFailure[] }) =>
  failures.events.map(({ error, isFinal }) => `${error.code}${isFinal ? ', final' : ''}`)

/** A hundred bytes with its newline. */
const line = (n: number) => `${n}`.padEnd(99, '.').concat('\n')
const numbers = (text: string) => Array.from(text.matchAll(/^(\d+)\.+\n/gm), ([, n]) => Number(n))

/** Sixteen to a batch, four batches that may wait. */
const small = { maxPendingBytes: 6_400 }

for (const sync of [false, true]) {
  describe(`a stream that writes ${sync ? 'at once' : 'in the background'}`, () => {
    it('writes a line at the end of the turn, and all of a turn together', async () => {
      const { clock, kernel, stream } = scripted({ sync })
      stream.write('one\n')
      stream.write('zwölf\n')
      assert.deepEqual(kernel.asked, [])
      await clock.settle()
      await clock.settle()
      assert.deepEqual(kernel.asked, [11])
      assert.equal(kernel.text(), 'one\nzwölf\n')
      stream.write('three\n')
      await stream.flush()
      assert.equal(kernel.text(), 'one\nzwölf\nthree\n')
      assert.equal(stream.dropped, 0)
      assert.equal(clock.pending, 0)
    })

    it('goes on where a write stopped, in bytes', async () => {
      const { kernel, stream } = scripted({ sync })
      kernel.answers.push(1, 3, 2)
      stream.write('äöü€😀\n')
      await stream.flush()
      assert.deepEqual(kernel.asked, [14, 13, 10, 8])
      assert.equal(kernel.text(), 'äöü€😀\n')
    })

    for (const full of ['EAGAIN', 'EINTR', 0] as const) {
      it(`tries again later, and ever later, when the answer is ${full}`, async () => {
        const { clock, kernel, failures, stream } = scripted({ sync })
        kernel.usual = full
        stream.write('late\n')
        await clock.advance(1_000)
        // After 1, 3, 7, 15, 31, 63 and 127 ms, and then every 100 ms.
        assert.equal(kernel.asked.length, 16)
        kernel.usual = 2
        await clock.advance(100)
        await clock.settle()
        assert.equal(kernel.text(), 'late\n')
        assert.deepEqual(failures.events, [])
        assert.equal(clock.pending, 0)
      })
    }

    it('drops the oldest for a reader who has stopped, whole lines only, and counts them', async () => {
      const { clock, kernel, drops, stream } = scripted({ sync, ...small })
      kernel.answers.push(150)
      kernel.usual = 'EAGAIN'
      for (let n = 0; n < 300; n++) {
        stream.write(line(n))
        if (n % 10 === 9) await clock.settle()
      }
      await clock.settle()
      assert.equal(kernel.text().length, 150)
      assert.ok(stream.dropped >= 200, `${stream.dropped} were dropped`)
      kernel.usual = 'all'
      await clock.advance(1_000)
      const text = kernel.text()
      const arrived = numbers(text)
      assert.equal(text.length, 100 * arrived.length, 'no line is in parts')
      assert.deepEqual(arrived.slice(0, 3), [0, 1, 2])
      const rest = arrived.slice(arrived.findIndex((n, index) => n !== index))
      assert.deepEqual(
        rest,
        Array.from({ length: rest.length }, (_, index) => 300 - rest.length + index),
        'the newest are all there',
      )
      assert.ok(rest.length >= 48, `${rest.length} of 64 were kept`)
      assert.equal(arrived.length + stream.dropped, 300)
      assert.deepEqual(drops.events, [{ count: stream.dropped, total: stream.dropped }])
    })

    it('tries again with each full batch, so that a flood is as fast as its reader, and no sooner', async () => {
      const { clock, kernel, stream } = scripted({ sync, ...small })
      kernel.usual = 'EAGAIN'
      for (let n = 0; n < 8; n++) stream.write(line(n))
      await clock.settle()
      const asked = kernel.asked.length
      for (let n = 8; n < 24; n++) stream.write(line(n))
      await clock.settle()
      assert.equal(kernel.asked.length, asked)
      kernel.usual = 'all'
      stream.write(line(24))
      stream.write(line(25))
      for (let n = 0; n < 3; n++) await clock.settle()
      assert.deepEqual(
        numbers(kernel.text()),
        Array.from({ length: 26 }, (_, n) => n),
      )
      assert.equal(clock.pending, 0)
    })

    it('loses nothing on a disk that is full for a while, and tells of it once each time', async () => {
      const { clock, kernel, failures, stream } = scripted({ sync })
      kernel.answers.push('all', 'ENOSPC', 'ENOSPC', 2, 'ENOSPC', 'EIO', 'all', 'ENOSPC')
      for (const text of ['one\n', 'two\n', 'three\n']) {
        stream.write(text)
        await clock.advance(60_000)
      }
      assert.equal(kernel.text(), 'one\ntwo\nthree\n')
      assert.deepEqual(codes(failures), ['ENOSPC', 'EIO', 'ENOSPC'])
      assert.equal(stream.dropped, 0)
      assert.equal(clock.pending, 0)
    })

    it('asks a broken disk less and less often', async () => {
      const { clock, kernel, stream } = scripted({ sync })
      kernel.usual = 'ENOSPC'
      stream.write('x\n')
      await clock.advance(60_000)
      assert.ok(kernel.asked.length <= 18, `${kernel.asked.length} times in a minute`)
    })

    for (const code of ['EPIPE', 'EBADF', 'ECONNRESET'] as const) {
      it(`drops all at once, and counts it, after ${code}`, async () => {
        const { clock, kernel, failures, drops, stream } = scripted({ sync })
        kernel.answers.push(4, code)
        stream.write('one\n')
        stream.write('two\n')
        await stream.flush()
        assert.equal(stream.dropped, 1)
        for (let n = 0; n < 10; n++) stream.write('x\n')
        await clock.advance(1_000)
        await stream.flush()
        assert.equal(stream.dropped, 11)
        assert.deepEqual(codes(failures), [`${code}, final`])
        assert.deepEqual(drops.events, [{ count: 11, total: 11 }])
        assert.equal(kernel.asked.length, 2)
        assert.equal(clock.pending, 0)
      })
    }

    it('survives what its listeners throw or write', async (t) => {
      const thrown: (() => void)[] = []
      t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => thrown.push(run))
      const onError = () => {
        stream.write('from within\n')
        throw new Error('mine')
      }
      const { clock, kernel, stream } = scripted({ sync, onError })
      kernel.answers.push('EIO')
      stream.write('one\n')
      await clock.advance(1_000)
      await clock.settle()
      assert.equal(kernel.text(), 'one\nfrom within\n')
      assert.throws(() => thrown[0]?.(), { message: 'mine' })
    })

    it('lets a flush wait for its lines and not for later ones', async () => {
      const { clock, kernel, stream } = scripted({ sync, ...small })
      kernel.usual = 'EAGAIN'
      stream.write('one\n')
      let flushed = 0
      void stream.flush().then(() => flushed++)
      await clock.settle()
      for (let n = 0; n < 20; n++) stream.write(line(n))
      void stream.flush().then(() => flushed++)
      await clock.settle()
      assert.equal(flushed, 0)
      kernel.usual = 'EAGAIN'
      kernel.answers.push('all')
      await clock.advance(50)
      assert.equal(flushed, 1)
      kernel.usual = 'all'
      await clock.advance(100)
      assert.equal(flushed, 2)
      assert.equal(clock.pending, 0)
    })

    it('ends a flush when its lines were dropped, or after its time', async () => {
      const { clock, kernel, stream } = scripted({ sync, ...small, flushTimeoutMs: 300 })
      kernel.usual = 'EAGAIN'
      stream.write('head\n')
      await clock.settle()
      await clock.settle()
      let flushed = false
      void stream.flush().then(() => {
        flushed = true
      })
      await clock.advance(299)
      assert.equal(flushed, false)
      await clock.advance(1)
      assert.equal(flushed, true)
      kernel.usual = 'EPIPE'
      const dropped = stream.flush()
      await clock.advance(100)
      await dropped
      assert.equal(stream.dropped, 1)
      assert.equal(clock.pending, 1, 'the notice of it')
    })

    it('holds the process for a reader who does not read only so long', async () => {
      const { clock, kernel, stream } = scripted({ sync, flushTimeoutMs: 500 })
      kernel.usual = 'EAGAIN'
      stream.write('x\n')
      await clock.advance(499)
      assert.ok(clock.holds.every((holds) => holds))
      clock.holds.splice(0)
      await clock.advance(2_000)
      assert.ok(clock.holds.length > 10)
      assert.ok(clock.holds.every((holds) => !holds))
      // One who takes a little is waited for again.
      kernel.answers.push(1)
      clock.holds.splice(0)
      await clock.advance(100)
      assert.equal(clock.holds[0], true)
    })

    it('flushes when it is disposed, and drops and counts what is written after that', async () => {
      const { clock, kernel, stream } = scripted({ sync }, { isOurs: true })
      stream.write('one\n')
      const [first, second] = [stream[Symbol.asyncDispose](), stream[Symbol.asyncDispose]()]
      stream.write('late\n')
      await Promise.all([first, second])
      stream.write('later\n')
      await clock.settle()
      assert.equal(kernel.text(), 'one\n')
      assert.equal(stream.dropped, 2)
      assert.deepEqual(kernel.closed, [1])
      assert.equal(stream.held.disposed, true)
    })

    it('leaves a descriptor open that it did not open', async () => {
      const { kernel, stream } = scripted({ sync })
      await stream[Symbol.asyncDispose]()
      assert.deepEqual(kernel.closed, [])
    })

    it('gives up on a reader who does not read when it is disposed, and tells what was dropped', async () => {
      const { clock, kernel, drops, stream } = scripted({ sync, flushTimeoutMs: 300 }, { isOurs: true })
      kernel.usual = 'EAGAIN'
      for (let n = 0; n < 3; n++) stream.write(line(n))
      const disposed = stream[Symbol.asyncDispose]()
      await clock.advance(299)
      assert.deepEqual(kernel.closed, [])
      await clock.advance(1)
      await disposed
      assert.equal(stream.dropped, 3)
      assert.deepEqual(drops.events, [{ count: 3, total: 3 }])
      assert.deepEqual(kernel.closed, [1])
      assert.equal(clock.pending, 0)
    })

    it('writes all there is before an exit, and at once what comes during it', async () => {
      const { exit, kernel, stream } = exiting({ sync, ...small })
      kernel.answers.push(150, 'EAGAIN', 'EAGAIN', 70, 'EINTR')
      for (let n = 0; n < 30; n++) stream.write(line(n))
      await exit()
      stream.write(line(30))
      assert.deepEqual(
        numbers(kernel.text()),
        Array.from({ length: 31 }, (_, n) => n),
      )
      assert.equal(stream.dropped, 0)
      await stream[Symbol.asyncDispose]()
    })

    it('waits at an exit a tenth of a second for one who takes nothing', async () => {
      const { exit, kernel, drops, stream } = exiting({ sync })
      kernel.usual = 'EAGAIN'
      for (let n = 0; n < 3; n++) stream.write(line(n))
      await exit()
      assert.equal(kernel.pausedMs, 100)
      for (let n = 0; n < 100; n++) stream.write(line(n))
      assert.equal(kernel.pausedMs, 100)
      assert.equal(stream.dropped, 103)
      assert.deepEqual(drops.events, [{ count: 3, total: 3 }])
      await stream[Symbol.asyncDispose]()
    })

    it('does not try a broken disk again and again at an exit', async () => {
      const { exit, kernel, stream } = exiting({ sync })
      kernel.usual = 'ENOSPC'
      stream.write('x\n')
      await exit()
      assert.equal(kernel.pausedMs, 0)
      assert.equal(stream.dropped, 1)
      await stream[Symbol.asyncDispose]()
    })

    it('delivers or counts every line, whole and in order, whatever the kernel answers', async () => {
      const answer = fc.oneof(fc.nat(300), fc.constantFrom<Answer>('all', 'all', 'EAGAIN', 'EINTR', 'ENOSPC', 'EIO'))
      const step = fc.oneof(fc.record({ lines: fc.nat(40), length: fc.nat(400) }), fc.constant('turn' as const))
      await fc.assert(
        fc.asyncProperty(fc.array(answer), fc.array(step), async (answers, steps) => {
          const { clock, kernel, stream } = scripted({ sync, ...small })
          kernel.answers.push(...answers)
          let written = 0
          for (const one of steps) {
            if (one === 'turn') await clock.settle()
            else for (let n = 0; n < one.lines; n++) stream.write(`${written++}${'.'.repeat(one.length + 1)}\n`)
          }
          // After a retry, what was gathered meanwhile waits for the end of a turn.
          for (let calm = 0; calm < 3; calm = clock.pending > 0 ? 0 : calm + 1) await clock.runAll()
          const arrived = numbers(kernel.text())
          assert.equal(arrived.length + stream.dropped, written)
          assert.equal(kernel.text().split('\n').length - 1, arrived.length)
          assert.ok(arrived.every((n, index) => index === 0 || n > (arrived[index - 1] ?? 0)))
        }),
        { numRuns: 60 },
      )
    })
  })
}

/** A stream that hears the exit of the process, and the exit. */
function exiting(options: StreamOptions) {
  const before = process.listeners('exit')
  const parts = scripted({ ...options, flushOnExit: true })
  const exit = async () => {
    await parts.clock.settle()
    const ours = process.listeners('exit').filter((listener) => !before.includes(listener))
    assert.equal(ours.length, 1)
    for (const listener of ours) listener(0)
  }
  return { ...parts, exit }
}

describe('a stream that writes at once', () => {
  it('writes a full batch in the middle of a turn', () => {
    const { kernel, stream } = scripted({ sync: true, ...small })
    for (let n = 0; n < 100; n++) stream.write(line(n))
    assert.deepEqual(kernel.asked, [1_600, 1_600, 1_600, 1_600, 1_600, 1_600])
    assert.equal(stream.dropped, 0)
  })

  it('is what a descriptor makes it that never lets one wait, unless told otherwise', async () => {
    for (const [sync, inTurn] of [
      [undefined, 1],
      [true, 1],
      [false, 0],
    ] as const) {
      const { kernel, stream } = scripted({ sync, ...small }, { neverWaits: true })
      for (let n = 0; n < 17; n++) stream.write(line(n))
      assert.equal(kernel.asked.length, inTurn)
      await stream.flush()
    }
  })
})

describe('a stream that writes in the background', () => {
  it('starts with a full batch in the middle of a turn, and has one write on its way', async () => {
    const { clock, kernel, stream } = scripted({ sync: false, ...small })
    kernel.isSlow = true
    for (let n = 0; n < 50; n++) stream.write(line(n))
    kernel.land()
    assert.deepEqual(kernel.asked, [1_600])
    kernel.land()
    kernel.land()
    // What is gathered waits for the end of the turn.
    kernel.land()
    assert.deepEqual(kernel.asked, [1_600, 1_600, 1_600])
    await clock.settle()
    kernel.land()
    assert.deepEqual(kernel.asked, [1_600, 1_600, 1_600, 200])
  })

  it('gathers what comes while a write is on its way', async () => {
    const { clock, kernel, stream } = scripted({ sync: false })
    kernel.isSlow = true
    stream.write('one\n')
    await clock.settle()
    for (const text of ['two\n', 'three\n', 'four\n']) {
      stream.write(text)
      await clock.settle()
    }
    kernel.land()
    await clock.settle()
    kernel.land()
    assert.deepEqual(kernel.asked, [4, 15])
  })

  it('closes its descriptor only when a write that hangs has landed', async () => {
    const { clock, kernel, stream } = scripted({ sync: false, flushTimeoutMs: 300 }, { isOurs: true })
    kernel.isSlow = true
    stream.write('one\n')
    const disposed = stream[Symbol.asyncDispose]()
    await clock.advance(300)
    await disposed
    assert.deepEqual(kernel.closed, [])
    kernel.land()
    assert.deepEqual(kernel.closed, [1])
  })

  it('takes what is on its way at an exit as written, after a moment', async () => {
    const { exit, kernel, stream } = exiting({ sync: false })
    kernel.isSlow = true
    stream.write('on its way\n')
    await exit()
    assert.equal(kernel.pausedMs, 50)
    stream.write('after\n')
    assert.equal(kernel.text(), 'after\n')
    kernel.land()
    assert.equal(kernel.text(), 'after\non its way\n')
    assert.equal(stream.dropped, 0)
    await stream[Symbol.asyncDispose]()
  })
})

describe('a stream that moves to another descriptor', () => {
  const other = { fd: 2, isOurs: true, neverWaits: false }

  it('writes there what has not left, and closes the first when that is ours', async () => {
    for (const isOurs of [true, false]) {
      const { kernel, stream } = scripted({ sync: true }, { isOurs })
      stream.write('one\n')
      await stream.flush()
      stream.write('two\n')
      stream.moveTo(other)
      stream.write('three\n')
      await stream.flush()
      assert.deepEqual([kernel.text(1), kernel.text(2)], ['one\n', 'two\nthree\n'])
      assert.deepEqual(kernel.closed, isOurs ? [1] : [])
    }
  })

  it('writes a line that has left in part there as a whole, at once', async () => {
    const { clock, kernel, failures, stream } = scripted({ sync: true })
    kernel.answers.push(6, 'ENOSPC')
    stream.write('one\n')
    stream.write('two\n')
    await clock.settle()
    stream.moveTo(other)
    assert.deepEqual([kernel.text(1), kernel.text(2)], ['one\ntw', 'two\n'])
    assert.equal(clock.pending, 0)
    kernel.answers.push('ENOSPC')
    stream.write('three\n')
    await clock.settle()
    assert.deepEqual(codes(failures), ['ENOSPC', 'ENOSPC'])
  })

  it('lets a write that is on its way land first', async () => {
    for (const [answer, arrived] of [
      ['all', ['one\n', 'two\n']],
      [2, ['on', 'one\ntwo\n']],
      [0, ['', 'one\ntwo\n']],
      ['EIO', ['', 'one\ntwo\n']],
      ['EBADF', ['', 'one\ntwo\n']],
    ] as const) {
      const { clock, kernel, failures, stream } = scripted({ sync: false }, { isOurs: true })
      kernel.isSlow = true
      kernel.answers.push(answer)
      stream.write('one\n')
      await clock.settle()
      stream.moveTo({ ...other, fd: 3 })
      stream.moveTo(other)
      stream.write('two\n')
      assert.deepEqual(kernel.closed, [3])
      kernel.isSlow = false
      kernel.land()
      assert.deepEqual(kernel.closed, [3, 1])
      await stream.flush()
      assert.deepEqual([kernel.text(1), kernel.text(2)], arrived)
      assert.deepEqual(failures.events, [])
      assert.equal(stream.dropped, 0)
      assert.equal(clock.pending, 0)
    }
  })

  it('comes back to life when the first one led nowhere any more', async () => {
    const { kernel, stream } = scripted({ sync: true })
    kernel.answers.push('EBADF')
    stream.write('lost\n')
    await stream.flush()
    stream.moveTo(other)
    stream.write('found\n')
    await stream.flush()
    assert.equal(kernel.text(2), 'found\n')
    assert.equal(stream.dropped, 1)
  })

  it('closes it when the stream has ended', async () => {
    const { kernel, stream } = scripted({ sync: true })
    await stream[Symbol.asyncDispose]()
    stream.moveTo(other)
    assert.deepEqual(kernel.closed, [2])
    stream.write('late\n')
    assert.equal(stream.dropped, 1)
  })
})
